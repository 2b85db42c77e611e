//! A connection that publishes and minds being refused: by whom it was, why, and that nothing of
//! what was refused is ever seen.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use fanfold_client::{Client, Error, ErrorKind, Write};

use super::victim::Victim;
use crate::exit::{Explain, Failure, Outcome};
use crate::ledger::account::Account;
use crate::ledger::audit::{Audited, judge, read};
use crate::ledger::book::{Deed, Line};
use crate::ledger::load::Shared;
use crate::ledger::token::{Token, hash, token_of};

/// Posts in flight.
const WINDOW: u64 = 64;

/// See the module.
#[derive(Debug)]
pub(super) struct Writer {
    client: Client,
    shared: Arc<Shared>,
    /// The number of the newest token.
    number: u64,
    refused: BTreeSet<Token>,
}

impl Writer {
    pub(super) async fn connect(url: &str, shared: &Arc<Shared>) -> Outcome<Self> {
        let client = Client::builder().request_timeout(Duration::from_secs(30)).connect(url);
        let client = client.await.explain(|| "cannot connect".to_owned())?;
        Ok(Self { client, shared: Arc::clone(shared), number: 0, refused: BTreeSet::new() })
    }

    /// The same writer on another connection.
    pub(super) async fn reconnect(&mut self, url: &str) -> Outcome<()> {
        let Self { client, .. } = Self::connect(url, &self.shared).await?;
        self.client = client;
        Ok(())
    }

    /// Publishes `count` posts, or stops at the first that is refused and says why.
    pub(super) async fn publish(&mut self, count: u64) -> Outcome<Option<Error>> {
        let mut left = count;
        while 0 < left {
            let window = left.min(WINDOW);
            left -= window;
            if let Some(refusal) = self.window(window).await? {
                return Ok(Some(refusal));
            }
        }
        Ok(None)
    }

    /// Publishes `count` posts, none of which may be refused.
    pub(super) async fn publish_all(&mut self, count: u64) -> Outcome<()> {
        match self.publish(count).await? {
            None => Ok(()),
            Some(refusal) => Err(Failure::failed(format!("a post was refused: {refusal}"))),
        }
    }

    async fn window(&mut self, count: u64) -> Outcome<Option<Error>> {
        let mut sent = Vec::new();
        for _ in 0..count {
            self.number += 1;
            let token = Token { source: 0, number: self.number };
            let content = self.shared.texts.content(token);
            self.shared.book.write(Line::Intended(Deed::Publish(token)))?;
            let write = Write::publish(token.author(), content.as_str());
            let pending = self.client.start(write).await.explain(|| token.to_string())?;
            sent.push((token, hash(&content), pending));
        }
        let mut refusal = None;
        for (token, hash, pending) in sent {
            match pending.await {
                Ok(written) => {
                    let post = written.post.map(|post| (post.0, hash));
                    self.shared.acknowledge(Deed::Publish(token), post)?;
                }
                Err(error) => {
                    self.refused.insert(token);
                    refusal.get_or_insert(error);
                }
            }
        }
        Ok(refusal)
    }

    /// The ledger against the daemon at `url`; what was refused must not be there at all.
    pub(super) async fn audit(&self, url: &str) -> Outcome<Audited> {
        let account = self.shared.book.read(Account::read)?;
        let found = read(url, &account).await?;
        let audited = judge(&account, &self.shared.texts, &found)?;
        let seen = found.posts.iter().filter_map(|post| token_of(&post.text));
        match seen.into_iter().find(|token| self.refused.contains(token)) {
            Some(token) => Err(Failure::failed(format!("{token} is there, but it was refused"))),
            None => Ok(audited),
        }
    }

    /// How many were refused so far.
    pub(super) fn refused(&self) -> usize {
        self.refused.len()
    }
}

/// A refusal must be of this kind, and say so in these words.
pub(super) fn expect(refusal: &Error, kind: ErrorKind, words: &[&str]) -> Outcome<()> {
    let message = refusal.to_string();
    let is_clear = words.iter().all(|word| message.contains(word));
    match refusal.kind() == kind && is_clear {
        true => Ok(()),
        false => Err(Failure::failed(format!(
            "expected a refusal of kind {kind:?} with the words {words:?}, got {:?}: {message}",
            refusal.kind()
        ))),
    }
}

/// The files must be clean, the daemon must start, and hold what was acknowledged.
pub(super) async fn restart(
    victim: &Victim<'_>,
    writer: &mut Writer,
) -> Outcome<(crate::daemon::Daemon, Audited)> {
    victim.check()?;
    let daemon = victim.launch.start(0)?;
    let audited = writer.audit(&daemon.url()).await?;
    writer.reconnect(&daemon.url()).await?;
    Ok((daemon, audited))
}
