//! The statements over `clients` that change it. Each tells every node of the change in the same transaction.

use tokio_postgres::types::Type;

use crate::client_row::columns;
use crate::session::{Announced, Sql};

/// A change that returns rows of a client, and the same with the news of it.
macro_rules! announced {
    ($types:expr, $($change:expr),+) => {
        Announced {
            quiet: Sql { text: concat!($($change),+), types: $types },
            aloud: Sql {
                text: concat!(
                    "WITH changed AS (",
                    $($change),+,
                    ") SELECT grant_epoch, pg_notify('regrant', 'client ' || id) FROM changed"
                ),
                types: $types,
            },
        }
    };
}

/// A page, by identifiers.
pub(crate) static LIST: Sql = Sql {
    text: concat!("SELECT ", columns!(), " FROM regrant.clients WHERE id > $1 ORDER BY id LIMIT $2"),
    types: &[Type::TEXT, Type::INT8],
};

/// A new client, where there is none of that id.
pub(crate) static INSERT: Announced = announced!(
    &[
        Type::TEXT,
        Type::BOOL,
        Type::BOOL,
        Type::BYTEA,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::BOOL,
        Type::INT8,
        Type::INT8,
        Type::INT8,
        Type::INT8,
        Type::TEXT,
        Type::INT8,
        Type::TEXT,
        Type::TEXT,
        Type::INT8
    ],
    "INSERT INTO regrant.clients (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
     ON CONFLICT (id) DO NOTHING RETURNING grant_epoch, id"
);

/// Switches a client on or off.
pub(crate) static ENABLE: Announced = announced!(
    &[Type::TEXT, Type::BOOL],
    "UPDATE regrant.clients SET enabled = $2 WHERE id = $1 RETURNING grant_epoch, id"
);

/// New secrets in place of those that were read.
pub(crate) static ROTATE: Announced = announced!(
    &[Type::TEXT, Type::BYTEA, Type::BYTEA],
    "UPDATE regrant.clients SET secrets = $2 WHERE id = $1 AND secrets = $3 RETURNING grant_epoch, id"
);

/// Ends all grants that a client has.
pub(crate) static RAISE_EPOCH: Announced = announced!(
    &[Type::TEXT],
    "UPDATE regrant.clients SET grant_epoch = grant_epoch + 1 WHERE id = $1 RETURNING grant_epoch, id"
);

/// Deletes a client.
pub(crate) static DELETE: Announced =
    announced!(&[Type::TEXT], "DELETE FROM regrant.clients WHERE id = $1 RETURNING grant_epoch, id");
