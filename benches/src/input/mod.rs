//! What goes in: a graph and posts, as files in the formats `fanfold import` reads, and the same in
//! memory for the model.
//!
//! Either the real files of a data directory, whole or their first lines, or, without one, a
//! seeded made-up graph over the posts that ship with the repository.

mod files;
mod generated;

use std::path::{Path, PathBuf};

use clap::Args;

use crate::exit::{Failure, Outcome};
use crate::workplace::Workplace;

/// What to load.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct InputArgs {
    /// A directory with graph.tsv and posts.jsonl, packed (.zst) or not [default: a made-up graph
    /// over the shipped sample of posts]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Only the first N posts
    #[arg(long, value_name = "N")]
    posts: Option<usize>,
    /// Only the first N lines of the graph
    #[arg(long, value_name = "N")]
    graph_lines: Option<usize>,
}

/// A post as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InputPost {
    pub(crate) id: u64,
    pub(crate) author: u64,
    pub(crate) at: u64,
    pub(crate) text: Box<str>,
    /// Parent and root of a repost, by the ids of the file.
    pub(crate) repost: Option<[Option<u64>; 2]>,
}

/// A graph and posts, as files and in memory.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) graph_file: PathBuf,
    pub(crate) posts_file: PathBuf,
    /// (follower, followee), in file order.
    pub(crate) follows: Vec<(u64, u64)>,
    /// In file order.
    pub(crate) posts: Vec<InputPost>,
}

impl Input {
    /// Reads, or makes up, what `args` ask for; files that have to be written go to `workplace`.
    pub(crate) fn load(args: &InputArgs, workplace: &Workplace) -> Outcome<Self> {
        let (graph, posts) = match &args.data {
            Some(data) => real_files(data)?,
            None => generated::write(workplace)?,
        };
        let graph_file = files::first_lines(graph, args.graph_lines, &workplace.join("graph.tsv"))?;
        let posts_file = files::first_lines(posts, args.posts, &workplace.join("posts.jsonl"))?;
        let follows = files::follows(&graph_file)?;
        let posts = files::posts(&posts_file)?;
        Ok(Self { graph_file, posts_file, follows, posts })
    }
}

/// The follows of the graph in a data directory, in file order.
pub(crate) fn graph(data: &Path) -> Outcome<Vec<(u64, u64)>> {
    let (graph, _) = real_files(data)?;
    files::follows(&graph)
}

fn real_files(data: &Path) -> Outcome<(PathBuf, PathBuf)> {
    if !data.is_dir() {
        let shown = data.display();
        return Err(Failure::mistake(format!("--data {shown}: there is no such directory")));
    }
    Ok((named(data, "graph.tsv")?, named(data, "posts.jsonl")?))
}

fn named(data: &Path, name: &str) -> Outcome<PathBuf> {
    let packed = data.join(format!("{name}.zst"));
    [packed, data.join(name)].into_iter().find(|path| path.is_file()).ok_or_else(|| {
        let shown = data.display();
        Failure::mistake(format!("--data {shown}: it holds neither {name}.zst nor {name}"))
    })
}
