//! `regrant secret`: a fresh client secret, and the line for the configuration file.

use regrant::ClientSecret;

use crate::fault::Fault;
use crate::output;

/// Prints the secret, which nobody keeps, and its digest, which the file keeps.
pub(super) fn run() -> Result<(), Fault> {
    let secret = fresh()?;
    output::line(secret.expose_secret())?;
    output::line(format_args!("secrets = [{{ sha256 = \"{}\" }}]", hex::encode(secret.digest().digest.as_bytes())))
}

/// Draws a secret from the operating system.
pub(super) fn fresh() -> Result<ClientSecret, Fault> {
    ClientSecret::generate(&mut getrandom::SysRng).map_err(|_| Fault::running("the random source failed"))
}
