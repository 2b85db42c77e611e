//! Reading the input files, independently of the program under test: the model must not share its
//! parser.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::InputPost;
use crate::exit::{Explain, Failure, Outcome};

/// A post's line. Keys that the contract does not name are ignored.
#[derive(Deserialize)]
struct PostLine {
    id: u64,
    author: u64,
    at: u64,
    text: Box<str>,
    kind: Option<Box<str>>,
    parent: Option<u64>,
    root: Option<u64>,
}

/// `path` itself, or its first `count` lines in `slice`.
pub(super) fn first_lines(path: PathBuf, count: Option<usize>, slice: &Path) -> Outcome<PathBuf> {
    let Some(count) = count else { return Ok(path) };
    if path == slice {
        return first_lines_in_place(path, count);
    }
    copy_lines(&path, count, slice)?;
    Ok(slice.to_owned())
}

fn first_lines_in_place(path: PathBuf, count: usize) -> Outcome<PathBuf> {
    let slice = path.with_extension("slice");
    copy_lines(&path, count, &slice)?;
    Ok(slice)
}

fn copy_lines(path: &Path, count: usize, slice: &Path) -> Outcome<()> {
    let write = || format!("cannot write {}", slice.display());
    let mut out = BufWriter::new(File::create(slice).explain(write)?);
    each_line(path, Some(count), |_, line| {
        out.write_all(line).and_then(|()| out.write_all(b"\n")).explain(write)
    })?;
    out.flush().explain(write)
}

pub(super) fn follows(path: &Path) -> Outcome<Vec<(u64, u64)>> {
    let mut follows = Vec::new();
    each_line(path, None, |number, line| {
        let pair = std::str::from_utf8(line).ok().and_then(|line| line.split_once('\t'));
        let pair = pair.and_then(|(user, author)| Some((user.parse().ok()?, author.parse().ok()?)));
        let shown = path.display();
        follows.push(pair.ok_or_else(|| {
            Failure::failed(format!("{shown}, line {number}: expected follower, tab, followee"))
        })?);
        Ok(())
    })?;
    Ok(follows)
}

pub(super) fn posts(path: &Path) -> Outcome<Vec<InputPost>> {
    let mut posts = Vec::new();
    each_line(path, None, |number, line| {
        let line: PostLine = serde_json::from_slice(line)
            .explain(|| format!("{}, line {number}", path.display()))?;
        let PostLine { id, author, at, text, kind, parent, root } = line;
        let is_repost = kind.as_deref() == Some("repost") && parent.or(root).is_some();
        let repost = is_repost.then_some([parent, root]);
        posts.push(InputPost { id, author, at, text, repost });
        Ok(())
    })?;
    Ok(posts)
}

/// Hands out the first `count` lines with their numbers, from 1.
fn each_line(
    path: &Path,
    count: Option<usize>,
    mut each: impl FnMut(usize, &[u8]) -> Outcome<()>,
) -> Outcome<()> {
    let read = || format!("cannot read {}", path.display());
    let file = File::open(path).explain(read)?;
    let packed = path.extension().is_some_and(|extension| extension == "zst");
    let reader: Box<dyn Read> =
        if packed { Box::new(zstd::Decoder::new(file).explain(read)?) } else { Box::new(file) };
    let mut reader = BufReader::with_capacity(1 << 20, reader);
    let mut line = Vec::new();
    for number in 1..=count.unwrap_or(usize::MAX) {
        line.clear();
        if reader.read_until(b'\n', &mut line).explain(read)? == 0 {
            break;
        }
        each(number, line.strip_suffix(b"\n").unwrap_or(&line))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_and_plain_files_read_alike_and_slices_are_their_first_lines() {
        let directory = tempfile::tempdir().unwrap();
        let plain = directory.path().join("graph.tsv");
        let packed = directory.path().join("graph.tsv.zst");
        File::create(&plain).unwrap().write_all(b"1\t2\n3\t4\n5\t6").unwrap();
        let bytes = zstd::encode_all(&b"1\t2\n3\t4\n5\t6"[..], 1).unwrap();
        File::create(&packed).unwrap().write_all(&bytes).unwrap();
        assert_eq!(follows(&plain).unwrap(), [(1, 2), (3, 4), (5, 6)]);
        assert_eq!(follows(&packed).unwrap(), follows(&plain).unwrap());
        let slice = first_lines(packed, Some(2), &plain).unwrap();
        assert_eq!(follows(&slice).unwrap(), [(1, 2), (3, 4)]);
        let slice = first_lines(plain.clone(), Some(1), &plain).unwrap();
        assert_eq!(follows(&slice).unwrap(), [(1, 2)]);
    }

    #[test]
    fn a_bad_line_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        File::create(&path).unwrap().write_all(b"1\t2\n3\n").unwrap();
        assert!(follows(&path).unwrap_err().to_string().contains("x, line 2: expected"));
        assert!(posts(&path).unwrap_err().to_string().contains("x, line 1: "));
    }
}
