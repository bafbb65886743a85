//! The first checks of every request: size, media type, encoding, then repetition. They decide before any of the
//! request's meaning does.

use http::HeaderMap;
use regrant::Reason;

use crate::form::{Form, FormError};
use crate::json_body::JsonBodyError;
use crate::limits::Limits;
use crate::media_type;

impl From<FormError> for Reason {
    fn from(error: FormError) -> Self {
        match error {
            FormError::BadEscape | FormError::NotUtf8 => Self::MalformedBody,
            FormError::TooManyParameters => Self::TooManyParameters,
            FormError::RepeatedParameter => Self::RepeatedParameter,
        }
    }
}

impl From<JsonBodyError> for Reason {
    fn from(error: JsonBodyError) -> Self {
        match error {
            JsonBodyError::Malformed | JsonBodyError::NotAnObject | JsonBodyError::TooDeep => Self::MalformedBody,
            JsonBodyError::RepeatedMember => Self::RepeatedParameter,
        }
    }
}

/// Refuses a body beyond the limit (N-020).
pub(crate) fn check_size(body: &[u8], limits: &Limits) -> Result<(), Reason> {
    if body.len() > limits.body_bytes { Err(Reason::BodyTooLarge) } else { Ok(()) }
}

/// Reads a body that must be a form (N-005).
pub(crate) fn read_form<'a, const N: usize>(
    defined: &'static [&'static str; N],
    headers: &HeaderMap,
    body: &'a [u8],
    limits: &Limits,
) -> Result<Form<'a, N>, Reason> {
    check_size(body, limits)?;
    if !media_type::is_form(headers) {
        return Err(Reason::UnsupportedMediaType);
    }
    Ok(Form::parse(body, defined, limits)?)
}
