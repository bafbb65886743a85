//! Reading the columns of a row, each by its type, and saying which one is wrong.

use regrant::{Digest, Timestamp};
use rusqlite::Row;
use rusqlite::types::ValueRef;

use crate::error::{CorruptRecord, Error, RecordName};

/// A column: its place in the statement, and its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column(pub(crate) usize, pub(crate) &'static str);

/// A row that is being read.
#[derive(Debug)]
pub(crate) struct Cells<'a> {
    row: &'a Row<'a>,
    table: &'static str,
    record: RecordName,
}

impl<'a> Cells<'a> {
    /// A row whose name is not known yet.
    pub(crate) const fn new(row: &'a Row<'a>, table: &'static str) -> Self {
        Self { row, table, record: RecordName::Nameless }
    }

    /// The same row, by its name.
    pub(crate) fn named(self, record: RecordName) -> Self {
        Self { record, ..self }
    }

    /// The fault of one column.
    pub(crate) fn corrupt(&self, column: Column, problem: impl Into<String>) -> Error {
        self.fault(column.1, problem)
    }

    /// The fault of a column, by its name alone.
    pub(crate) fn fault(&self, column: &'static str, problem: impl Into<String>) -> Error {
        let (table, record) = (self.table, self.record.clone());
        CorruptRecord { table, column, record, problem: problem.into() }.into()
    }

    /// The value of a column that is never null.
    pub(crate) fn present<T>(&self, column: Column, value: Option<T>) -> Result<T, Error> {
        value.ok_or_else(|| self.corrupt(column, "null"))
    }

    /// A number of 0 or more.
    pub(crate) fn number(&self, column: Column) -> Result<Option<u64>, Error> {
        match self.row.get_ref(column.0)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(number) => {
                u64::try_from(number).map(Some).map_err(|_| self.corrupt(column, "a negative number"))
            }
            _ => Err(self.corrupt(column, "not an integer")),
        }
    }

    /// A check number, which uses all 64 bits.
    pub(crate) fn check(&self, column: Column) -> Result<Option<i64>, Error> {
        match self.row.get_ref(column.0)? {
            ValueRef::Integer(number) => Ok(Some(number)),
            _ => Ok(None),
        }
    }

    /// An instant.
    pub(crate) fn time(&self, column: Column) -> Result<Option<Timestamp>, Error> {
        Ok(self.number(column)?.map(Timestamp::from_unix_millis))
    }

    /// A text.
    pub(crate) fn text(&self, column: Column) -> Result<Option<&'a str>, Error> {
        match self.row.get_ref(column.0)? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(bytes) => str::from_utf8(bytes).map(Some).map_err(|_| self.corrupt(column, "not utf-8")),
            _ => Err(self.corrupt(column, "not a text")),
        }
    }

    /// Bytes.
    pub(crate) fn blob(&self, column: Column) -> Result<Option<&'a [u8]>, Error> {
        match self.row.get_ref(column.0)? {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(bytes) => Ok(Some(bytes)),
            _ => Err(self.corrupt(column, "not a blob")),
        }
    }

    /// Bytes of a fixed length.
    pub(crate) fn bytes<const N: usize>(&self, column: Column) -> Result<Option<[u8; N]>, Error> {
        let Some(blob) = self.blob(column)? else {
            return Ok(None);
        };
        let bytes = blob.try_into().map_err(|_| self.corrupt(column, format!("not {N} bytes")))?;
        Ok(Some(bytes))
    }

    /// A digest.
    pub(crate) fn digest(&self, column: Column) -> Result<Option<Digest>, Error> {
        Ok(self.bytes(column)?.map(Digest::from_bytes))
    }
}
