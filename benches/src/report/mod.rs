//! `report`: from rows of results to a page that people read, with tables and plots.
//!
//! Every row is shown, those that Fanfold loses too. If several invocations appended to the file, each
//! measure is taken from the newest that has it: rows of two invocations are never mixed.

mod bars;
mod book;
mod lines;
mod markdown;
mod reasons;
mod svg;
mod target;
mod targets;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::console::note;
use crate::exit::{Explain, Failure, Outcome};
use crate::results::read_rows;

use book::Book;
use reasons::Reasons;

/// The arguments of `report`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ReportArgs {
    /// Rows of results, as `--out` of the measurements wrote them
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The page to write, in Markdown; its plots go into a folder `plots` beside it
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Why targets are missed: lines `name of the target: reason`
    #[arg(long, value_name = "FILE")]
    reasons: Option<PathBuf>,
}

/// Writes the page and its plots.
pub(crate) fn run(args: &ReportArgs) -> Outcome<()> {
    let book = Book::of(read_rows(&args.from)?);
    if book.is_empty() {
        return Err(Failure::failed(format!("{} has no rows", args.from.display())));
    }
    let reasons = args.reasons.as_deref().map(Reasons::read).transpose()?.unwrap_or_default();
    reasons.check()?;
    let folder = args.to.parent().unwrap_or_else(|| Path::new("")).join("plots");
    std::fs::create_dir_all(&folder).explain(|| format!("cannot make {}", folder.display()))?;
    let mut plots = Vec::new();
    for plot in bars::plots(&book).into_iter().chain(lines::plots(&book)) {
        let name = format!("{}.svg", plot.name);
        replace(&folder.join(&name), &plot.svg)?;
        plots.push((plot.measure, name));
    }
    replace(&args.to, &markdown::page(&book, &plots, &reasons))?;
    note(format!("wrote {} and {} plots", args.to.display(), plots.len()));
    Ok(())
}

/// A picture of one measure.
#[derive(Debug)]
struct Plot {
    measure: String,
    name: String,
    svg: String,
}

fn replace(path: &Path, text: &str) -> Outcome<()> {
    let written = File::create(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.explain(|| format!("cannot write {}", path.display()))
}

/// A name that every file system takes: small letters, digits and `-`.
fn file_name(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}
