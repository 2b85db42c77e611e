//! The audit: everything that a daemon holds against everything that the ledger says.
//!
//! * An acknowledged post is there exactly once, with its id, author and content, unless its delete
//!   was asked for; after an acknowledged delete it is gone.
//! * A post that was intended and not acknowledged is there whole and once, or not at all.
//! * A follow is as its newest acknowledgement says, unless a later change of it is open.
//! * Nothing is there that nobody intended, and nothing twice.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use fanfold_client::{Client, EdgeQuery, PageEnd, Post, TimelineQuery, UserId};
use futures_util::stream::{StreamExt, TryStreamExt, iter};

use super::account::Account;
use super::token::{Texts, Token, hash, token_of};
use crate::exit::{Explain, Failure, Outcome};

/// Entries a page: the most a server gives.
const PAGE: u32 = 200;

/// Lists read at once.
const READERS: usize = 32;

/// How many violations are told.
const TOLD: usize = 5;

/// What an audit found to be right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Audited {
    pub(crate) acknowledged: u64,
    pub(crate) posts: u64,
    pub(crate) follows: u64,
}

/// Everything a daemon holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) posts: Vec<Post>,
    /// Followers and authors, as often as they are listed.
    follows: Vec<(u64, u64)>,
}

/// Reads everything the account names from the daemon at `url` and judges it.
pub(crate) async fn audit(url: &str, account: &Account, texts: &Texts) -> Outcome<Audited> {
    judge(account, texts, &read(url, account).await?)
}

/// Everything the account names that the daemon at `url` holds.
pub(crate) async fn read(url: &str, account: &Account) -> Outcome<Found> {
    let client =
        Client::connect(url).await.explain(|| "cannot connect for the audit".to_owned())?;
    let authors: BTreeSet<UserId> = account.intended.iter().map(|token| token.author()).collect();
    let outboxes = iter(authors).map(|author| outbox(&client, author)).buffer_unordered(READERS);
    let posts: Vec<Vec<Post>> = outboxes.try_collect().await?;
    let users: BTreeSet<u64> = account.follows.keys().map(|(user, _)| *user).collect();
    let lists = iter(users).map(|user| following(&client, UserId(user))).buffer_unordered(READERS);
    let follows: Vec<Vec<(u64, u64)>> = lists.try_collect().await?;
    client.close().await;
    Ok(Found { posts: posts.concat(), follows: follows.concat() })
}

/// The whole outbox; its length must be what the author's card says.
async fn outbox(client: &Client, author: UserId) -> Outcome<Vec<Post>> {
    let read = || format!("cannot read the outbox of {author}");
    let query = TimelineQuery::of(author).limit(PAGE);
    let pages = client.stream_outbox(query).map_ok(|page| page.posts);
    let posts = pages.try_concat().await.explain(read)?;
    let card = client.user(author, None).await.explain(read)?;
    let (listed, counted) = (posts.len() as u64, card.posts);
    match listed == counted {
        true => Ok(posts),
        false => Err(Failure::failed(format!(
            "the outbox of {author} lists {listed} posts, its card counts {counted}"
        ))),
    }
}

async fn following(client: &Client, user: UserId) -> Outcome<Vec<(u64, u64)>> {
    let read = || format!("cannot read whom {user} follows");
    let mut query = EdgeQuery::of(user).limit(PAGE);
    let mut follows = Vec::new();
    loop {
        let page = client.following(query).await.explain(read)?;
        follows.extend(page.edges.iter().map(|edge| (user.0, edge.user.0)));
        match (page.end, page.edges.last()) {
            (PageEnd::More | PageEnd::Bytes, Some(last)) => query = query.before(last.sequence),
            _ => return Ok(follows),
        }
    }
}

/// Compares; any violation is a failure that tells the first few.
pub(crate) fn judge(account: &Account, texts: &Texts, found: &Found) -> Outcome<Audited> {
    let mut judge = Judge { account, texts, violations: Vec::new() };
    judge.posts(found);
    judge.follows(found);
    let violations = judge.violations;
    if violations.is_empty() {
        let (posts, follows) = (found.posts.len() as u64, found.follows.len() as u64);
        return Ok(Audited { acknowledged: account.acknowledged, posts, follows });
    }
    let told = violations.iter().take(TOLD).cloned().collect::<Vec<_>>().join("; ");
    Err(Failure::failed(format!("{} violations of the ledger: {told}", violations.len())))
}

struct Judge<'a> {
    account: &'a Account,
    texts: &'a Texts,
    violations: Vec<String>,
}

impl Judge<'_> {
    fn violation(&mut self, what: fmt::Arguments<'_>) {
        self.violations.push(what.to_string());
    }

    fn posts(&mut self, found: &Found) {
        let mut there: HashMap<Token, u64> = HashMap::new();
        for post in &found.posts {
            let Some(token) = token_of(&post.text) else {
                self.violation(format_args!("post {} says nothing anybody intended", post.id));
                continue;
            };
            self.post(token, post);
            if let Some(other) = there.insert(token, post.id.0) {
                let id = post.id;
                self.violation(format_args!("{token} is there twice, as post {other} and {id}"));
            }
        }
        for (token, posted) in &self.account.posted {
            let is_wanted = !self.account.deletes.contains_key(&posted.id);
            if is_wanted && !there.contains_key(token) {
                let id = posted.id;
                self.violation(format_args!("{token}, acknowledged as post {id}, is missing"));
            }
        }
    }

    /// A post that is there.
    fn post(&mut self, token: Token, post: &Post) {
        let id = post.id;
        if !self.account.intended.contains(&token) {
            self.violation(format_args!("{token} is post {id}, but nobody intended it"));
        }
        let is_whole = post.text == self.texts.content(token) && post.author == token.author();
        if !is_whole {
            let text = &post.text;
            self.violation(format_args!("{token}, post {id}, has another content: {text:?}"));
        }
        if let Some(posted) = self.account.posted.get(&token) {
            if posted.id != id.0 {
                let known = posted.id;
                self.violation(format_args!("{token} is post {id}, acknowledged as post {known}"));
            }
            if posted.hash != hash(&post.text) {
                self.violation(format_args!("{token}, post {id}, differs from the ledger's hash"));
            }
        }
        if self.account.deletes.get(&id.0) == Some(&true) {
            self.violation(format_args!("{token}, post {id}, is there after its delete"));
        }
    }

    fn follows(&mut self, found: &Found) {
        let mut there: BTreeMap<(u64, u64), u64> = BTreeMap::new();
        for pair in &found.follows {
            *there.entry(*pair).or_default() += 1;
        }
        for ((user, author), times) in &there {
            if 1 < *times {
                self.violation(format_args!("{user} follows {author} {times} times"));
            }
            if !self.account.follows.contains_key(&(*user, *author)) {
                self.violation(format_args!("{user} follows {author}, but nobody intended it"));
            }
        }
        for (pair, follow) in &self.account.follows {
            let holds = there.contains_key(pair);
            if follow.open == 0 && follow.holds != holds {
                let ((user, author), acknowledged) = (pair, follow.holds);
                self.violation(format_args!(
                    "the follow of {author} by {user} holds: {holds}, acknowledged: {acknowledged}"
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::account::{Follow, Posted};
    use fanfold_client::{PostId, Timestamp};

    const TOKEN: Token = Token { source: 1, number: 2 };
    const OPEN: Token = Token { source: 1, number: 3 };

    fn texts() -> Texts {
        Texts::new(vec!["hello".into()])
    }

    fn post(id: u64, token: Token) -> Post {
        Post {
            id: PostId(id),
            author: token.author(),
            at: Timestamp(1),
            committed_at: Timestamp(1),
            kind: 0,
            text: texts().content(token),
            meta: Vec::new(),
            repost: None,
            mentions: Vec::new(),
            revision: 0,
            edited_at: None,
            hidden: false,
            suspended: false,
            audience: fanfold_client::Audience::Everybody,
        }
    }

    /// `TOKEN` is acknowledged as post 9, `OPEN` is not; 1 follows 2, and perhaps 3.
    fn account() -> Account {
        let posted = Posted { id: 9, hash: hash(&texts().content(TOKEN)) };
        Account {
            intended: BTreeSet::from([TOKEN, OPEN]),
            posted: HashMap::from([(TOKEN, posted)]),
            follows: BTreeMap::from([
                ((1, 2), Follow { holds: true, open: 0 }),
                ((1, 3), Follow { holds: true, open: 1 }),
            ]),
            ..Account::default()
        }
    }

    fn told(account: &Account, posts: Vec<Post>, follows: &[(u64, u64)]) -> String {
        let found = Found { posts, follows: follows.to_vec() };
        judge(account, &texts(), &found).map_or_else(|error| error.to_string(), |_| String::new())
    }

    #[test]
    fn what_is_open_may_be_or_not() {
        let account = account();
        assert_eq!(told(&account, vec![post(9, TOKEN)], &[(1, 2)]), "");
        assert_eq!(told(&account, vec![post(9, TOKEN), post(10, OPEN)], &[(1, 2), (1, 3)]), "");
    }

    #[test]
    fn every_violation_is_told() {
        let account = account();
        let mut other = post(9, TOKEN);
        other.text.push('x');
        let stranger = Token { source: 7, number: 7 };
        let here = || post(9, TOKEN);
        let cases = [
            (vec![], "1-2, acknowledged as post 9, is missing"),
            (vec![here(), post(10, TOKEN)], "1-2 is there twice, as post 9 and 10"),
            (vec![here(), post(10, OPEN), post(11, OPEN)], "1-3 is there twice"),
            (vec![post(8, TOKEN)], "1-2 is post 8, acknowledged as post 9"),
            (vec![other], "1-2, post 9, has another content"),
            (vec![here(), post(12, stranger)], "7-7 is post 12, but nobody intended it"),
        ];
        for (posts, expected) in cases {
            let told = told(&account, posts, &[(1, 2)]);
            assert!(told.contains(expected), "{told}");
        }
        let told_of = |follows: &[(u64, u64)]| told(&account, vec![here()], follows);
        assert!(told_of(&[]).contains("holds: false, acknowledged: true"));
        assert!(told_of(&[(1, 2), (1, 2)]).contains("1 follows 2 2 times"));
        assert!(told_of(&[(1, 2), (5, 6)]).contains("5 follows 6, but nobody intended it"));
    }

    #[test]
    fn a_deleted_post_must_be_gone_and_one_being_deleted_may_be() {
        let mut account = account();
        account.deletes = HashMap::from([(9, false)]);
        assert_eq!(told(&account, vec![], &[(1, 2)]), "");
        assert_eq!(told(&account, vec![post(9, TOKEN)], &[(1, 2)]), "");
        account.deletes = HashMap::from([(9, true)]);
        assert_eq!(told(&account, vec![], &[(1, 2)]), "");
        let told = told(&account, vec![post(9, TOKEN)], &[(1, 2)]);
        assert!(told.contains("is there after its delete"), "{told}");
    }
}
