//! A made-up graph over the posts that ship with the repository: seeded, heavy-tailed, small enough
//! for every test run.
//!
//! Authors are ranked by their number of posts; an author's audience falls with the rank. Readers
//! follow anything from nobody to everybody; some follow themselves or each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use fanfold_engine::testing::seed::Random;
use serde_json::{Value, json};

use crate::exit::{Explain, Failure, Outcome};
use crate::programs::workspace;
use crate::workplace::Workplace;

/// Where the shipped posts are, from the root of the repository.
const SAMPLE: &str = "server/sample/sample-posts.jsonl";

const SEED: u64 = 7_717;

/// Readers beside the sample's authors.
const READERS: u64 = 400;

/// The first reader's id, above those of the sample's authors.
const FIRST_READER: u64 = 100_001;

/// Writes both files and says where.
pub(super) fn write(workplace: &Workplace) -> Outcome<(PathBuf, PathBuf)> {
    let (graph, posts) = (workplace.join("graph.tsv"), workplace.join("posts.jsonl"));
    let authors = write_posts(&workspace().join(SAMPLE), &posts)?;
    write_graph(&authors, &graph)?;
    Ok((graph, posts))
}

/// Numbers the sample's posts. The authors, most posts first.
fn write_posts(sample: &Path, path: &Path) -> Outcome<Vec<u64>> {
    let lines = File::open(sample).map_err(|error| {
        let shown = sample.display();
        Failure::mistake(format!("cannot read {shown} ({error}); name a directory with --data"))
    })?;
    let write = || format!("cannot write {}", path.display());
    let mut out = BufWriter::new(File::create(path).explain(write)?);
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    for (number, line) in (1_u64..).zip(BufReader::new(lines).lines()) {
        let at_line = || format!("{}, line {number}", sample.display());
        let line: Value = serde_json::from_str(&line.explain(at_line)?).explain(at_line)?;
        let field = |name: &str| line.get(name).unwrap_or(&Value::Null);
        *counts.entry(field("author").as_u64().unwrap_or_default()).or_default() += 1;
        let (author, at, text) = (field("author"), field("at"), field("text"));
        let post = json!({ "id": number, "author": author, "at": at, "text": text });
        writeln!(out, "{post}").explain(write)?;
    }
    out.flush().explain(write)?;
    let mut authors: Vec<u64> = counts.keys().copied().collect();
    authors.sort_by_key(|author| std::cmp::Reverse(counts.get(author).copied()));
    Ok(authors)
}

fn write_graph(authors: &[u64], path: &Path) -> Outcome<()> {
    let write = || format!("cannot write {}", path.display());
    let mut out = BufWriter::new(File::create(path).explain(write)?);
    for (user, author) in follows(authors) {
        writeln!(out, "{user}\t{author}").explain(write)?;
    }
    out.flush().explain(write)
}

/// Who follows whom, in an order that mixes the users.
fn follows(authors: &[u64]) -> Vec<(u64, u64)> {
    let mut random = Random::new(SEED);
    let mut follows = BTreeSet::new();
    for reader in FIRST_READER..FIRST_READER + READERS {
        for (author, rank) in authors.iter().zip(1..) {
            // The share of an author's readers falls with the rank; a reader's taste with theirs.
            let taste = 1 + (reader - FIRST_READER) % 40;
            if random.below(rank * taste) < 8 {
                follows.insert((reader, *author));
            }
        }
        if random.one_in(10) {
            follows.insert((reader, FIRST_READER + random.below(READERS)));
        }
    }
    for author in authors {
        if random.one_in(2) {
            follows.insert((*author, *author));
        }
    }
    let mut follows: Vec<_> = follows.into_iter().collect();
    follows.sort_by_cached_key(|_| random.bits());
    follows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_graph_is_the_same_every_time_and_has_readers_of_every_degree() {
        let authors: Vec<u64> = (1..=60).collect();
        let graph = follows(&authors);
        assert_eq!(graph, follows(&authors));
        let mut degrees: BTreeMap<u64, usize> = BTreeMap::new();
        for (user, _) in graph.iter().filter(|(user, _)| FIRST_READER <= *user) {
            *degrees.entry(*user).or_default() += 1;
        }
        assert!(degrees.values().any(|count| *count == 1));
        assert!(degrees.values().any(|count| 20 < *count));
        assert!(graph.iter().any(|(user, author)| user == author));
    }
}
