//! The `partnerId` header of the `partner_json` dialect: an int32.

/// A partner's number: `int32 = [ "-" ] 1*DIGIT`, from -2147483648 to 2147483647.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartnerId(i32);

/// A text that is no partner number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a partner id is a whole number of 32 bits")]
pub struct InvalidPartnerId;

impl PartnerId {
    /// The partner of that number.
    pub const fn new(number: i32) -> Self {
        Self(number)
    }

    /// Reads a number. Leading zeros are read as everywhere; a plus sign is not.
    ///
    /// # Errors
    ///
    /// [`InvalidPartnerId`] where `text` is not of the form above.
    pub fn parse(text: &str) -> Result<Self, InvalidPartnerId> {
        if text.starts_with('+') {
            return Err(InvalidPartnerId);
        }
        text.parse().map(Self).map_err(|_| InvalidPartnerId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_int32() {
        for (text, number) in
            [("42", 42), ("0", 0), ("-1", -1), ("007", 7), ("2147483647", i32::MAX), ("-2147483648", i32::MIN)]
        {
            assert_eq!(PartnerId::parse(text), Ok(PartnerId::new(number)), "{text}");
        }
    }

    #[test]
    fn refuses_everything_else() {
        for text in
            ["", "2147483648", "-2147483649", "4 2", " 42", "42 ", "+42", "0x2a", "4e1", "4.0", "p42", "٤٢", "42, 42"]
        {
            assert_eq!(PartnerId::parse(text), Err(InvalidPartnerId), "{text}");
        }
    }
}
