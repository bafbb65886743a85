//! A session that listens.

use std::future::poll_fn;
use std::mem;
use std::sync::{Arc, Mutex};

use tokio_postgres::{AsyncMessage, Client, NoTls};

/// Remembers every line that it hears.
pub(crate) struct Ear {
    client: Client,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Ear {
    pub(crate) async fn new(url: &str) -> Self {
        let (client, mut connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
                if let AsyncMessage::Notification(line) = message {
                    lines.lock().unwrap().push(line.payload().to_owned());
                }
            }
        });
        client.batch_execute("LISTEN regrant").await.unwrap();
        Self { client, heard }
    }

    /// What was told since the last call, in order of the lines. The server sends it before it answers the question.
    pub(crate) async fn heard(&self) -> Vec<String> {
        self.client.batch_execute("SELECT 1").await.unwrap();
        let mut lines = mem::take(&mut *self.heard.lock().unwrap());
        lines.sort();
        lines
    }
}
