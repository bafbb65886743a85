//! `regrant grant list`

use std::io::{self, Write};

use regrant::{Grant, GrantFilter, GrantManagement as _};

use super::view::GrantView;
use crate::cli::ListArgs;
use crate::clock;
use crate::config::{Config, Overrides};
use crate::fault::Fault;
use crate::store::{self, Shared};

/// How many grants are held in memory at once.
const PAGE: usize = 256;

/// Prints a line per grant, or one array. Pages go out as they come, so that a million grants need no memory.
pub(in crate::command) fn run(arguments: &ListArgs) -> Result<(), Fault> {
    let wanted = super::filter(arguments.client.as_deref(), arguments.subject.as_deref())?;
    // The store looks for the client; that both are given is for us to see.
    let also = super::filter(None, arguments.subject.as_deref())?;
    let config = Config::load(&arguments.config.config, &Overrides::default())?;
    let grants = Shared::open(&config)?;
    let mut listing = Listing { out: io::stdout().lock(), json: arguments.json, printed: 0 };
    listing.begin()?;
    let corrupt =
        each(&config, &grants, &wanted, |grant| if also.matches(grant) { listing.grant(grant) } else { Ok(()) })?;
    listing.end()?;
    corrupt.map_or(Ok(()), Err)
}

/// Calls `visit` with every grant of a filter that can be read. Answers the fault of the first that cannot: one corrupt
/// record must not hide the others.
fn each(
    config: &Config,
    grants: &Shared,
    filter: &GrantFilter,
    mut visit: impl FnMut(&Grant) -> Result<(), Fault>,
) -> Result<Option<Fault>, Fault> {
    let (mut after, mut size, mut corrupt) = (None, PAGE, None);
    loop {
        match grants.list(filter, after, size) {
            Ok(page) => {
                page.iter().try_for_each(&mut visit)?;
                match page.last() {
                    Some(last) => after = Some(last.id()),
                    None => return Ok(corrupt),
                }
            }
            // The page is read again one by one; the corrupt record is then the very next, and is stepped over.
            Err(error) if error.is_corrupt() && size > 1 => size = 1,
            Err(error) => {
                after = Some(error.corrupt_grant().ok_or_else(|| store::fault(config, &error))?);
                corrupt = corrupt.or_else(|| Some(store::fault(config, &error)));
                size = PAGE;
            }
        }
    }
}

struct Listing<W> {
    out: W,
    json: bool,
    printed: usize,
}

impl<W: Write> Listing<W> {
    fn begin(&mut self) -> Result<(), Fault> {
        self.print(if self.json { "[" } else { "" })
    }

    fn grant(&mut self, grant: &Grant) -> Result<(), Fault> {
        let view = GrantView::new(grant, clock::now());
        let text = if self.json {
            let comma = if self.printed == 0 { "" } else { "," };
            format!("{comma}{}", serde_json::to_string(&view).map_err(Fault::running)?)
        } else {
            format!("{}\n", view.line())
        };
        self.printed += 1;
        self.print(&text)
    }

    fn end(&mut self) -> Result<(), Fault> {
        self.print(if self.json { "]\n" } else { "" })
    }

    fn print(&mut self, text: &str) -> Result<(), Fault> {
        self.out.write_all(text.as_bytes()).map_err(|error| Fault::caused("standard output", &error))
    }
}
