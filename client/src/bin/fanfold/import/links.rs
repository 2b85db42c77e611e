//! Which post each id of the input became, so that reposts find what they refer to.
//!
//! A run that goes on learns it from the ids file.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use fanfold_client::PostId;
use serde::Deserialize;

use super::input_id::InputId;
use super::reason::Refusal;
use crate::exit::Failure;
use crate::files;

/// What a repost of the input refers to, by its ids.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct LinkLine {
    kind: Option<String>,
    pub(crate) parent: Option<InputId>,
    pub(crate) root: Option<InputId>,
}

/// What became of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Became {
    /// No line that was sent had it, or its line was refused.
    Nothing,
    /// Its line is on its way.
    Waiting,
    Post(PostId),
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Links(HashMap<Box<str>, Option<PostId>>);

impl LinkLine {
    /// What the line refers to; `None` if it is no repost.
    pub(crate) fn parse(line: &[u8]) -> Result<Option<Self>, Refusal> {
        let wrong = |_| {
            let what = "\"kind\" must be a string, \"parent\" and \"root\" numbers or strings";
            Refusal::new("bad_value", what)
        };
        let link: Self = serde_json::from_slice(line).map_err(wrong)?;
        let is_repost = link.kind.as_deref() == Some("repost");
        Ok(Some(link).filter(|link| is_repost && (link.parent.is_some() || link.root.is_some())))
    }
}

impl Links {
    /// What the first `bytes` of the ids file say.
    pub(crate) fn load(path: &Path, bytes: u64) -> Result<Self, Failure> {
        let mut links = Self::default();
        if bytes == 0 {
            return Ok(links);
        }
        let failed = |error| files::cannot_read(path, &error);
        let file = File::open(path).map_err(failed)?;
        for line in BufReader::new(file.take(bytes)).lines() {
            let line = line.map_err(failed)?;
            if let Some((id, post)) = line.rsplit_once('\t')
                && let Ok(post) = post.parse()
            {
                links.0.insert(id.into(), Some(PostId(post)));
            }
        }
        Ok(links)
    }

    /// The line with this id was sent.
    pub(crate) fn begin(&mut self, id: &InputId) {
        self.0.insert(id.0.as_str().into(), None);
    }

    /// What became of it.
    pub(crate) fn end(&mut self, id: &InputId, post: Option<PostId>) {
        match post {
            Some(post) => self.0.insert(id.0.as_str().into(), Some(post)),
            None => self.0.remove(id.0.as_str()),
        };
    }

    /// What the line refers to: its parent, or its root if nobody knows the parent.
    pub(crate) fn find(&self, link: &LinkLine) -> Became {
        let of = |id: &Option<InputId>| match id.as_ref().map(|id| self.0.get(id.0.as_str())) {
            Some(Some(Some(post))) => Became::Post(*post),
            Some(Some(None)) => Became::Waiting,
            _ => Became::Nothing,
        };
        match of(&link.parent) {
            Became::Nothing => of(&link.root),
            known => known,
        }
    }
}

/// What is said of a line that refers to nothing known.
pub(crate) fn unknown(link: &LinkLine) -> Refusal {
    let id = link.parent.as_ref().or(link.root.as_ref()).map_or("", |id| id.0.as_str());
    let what = format!("no line above with \"id\" {id} was imported, and it is what this reposts");
    Refusal::new("unknown_parent", what)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn line(text: &str) -> LinkLine {
        LinkLine::parse(text.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn a_repost_refers_to_its_parent_else_to_its_root() {
        let mut links = Links::default();
        let link = line(r#"{"id":9,"kind":"repost","parent":7,"root":"a"}"#);
        assert_eq!(links.find(&link), Became::Nothing);
        links.begin(&InputId("a".to_owned()));
        assert_eq!(links.find(&link), Became::Waiting);
        links.end(&InputId("a".to_owned()), Some(PostId(3)));
        assert_eq!(links.find(&link), Became::Post(PostId(3)));
        links.end(&InputId("7".to_owned()), Some(PostId(4)));
        assert_eq!(links.find(&link), Became::Post(PostId(4)));
        links.end(&InputId("7".to_owned()), None);
        assert_eq!(links.find(&link), Became::Post(PostId(3)), "its line was refused");
        assert!(unknown(&link).message.contains("\"id\" 7"));
    }

    #[test]
    fn other_lines_refer_to_nothing() {
        for text in [r#"{"kind":"post","parent":7}"#, r#"{"parent":7}"#, r#"{"kind":"repost"}"#] {
            assert_eq!(LinkLine::parse(text.as_bytes()), Ok(None), "{text}");
        }
        assert!(LinkLine::parse(br#"{"kind":"repost","parent":[1]}"#).is_err());
    }

    #[test]
    fn a_run_that_goes_on_knows_what_the_ids_file_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ids");
        let mut file = File::create(&path).unwrap();
        file.write_all(b"a\t3\nb\t4\nc\t5\n").unwrap();
        let links = Links::load(&path, 8).unwrap();
        let of = |id: &str| links.find(&line(&format!(r#"{{"kind":"repost","parent":"{id}"}}"#)));
        assert_eq!([of("a"), of("b")], [3, 4].map(|id| Became::Post(PostId(id))));
        assert_eq!(of("c"), Became::Nothing, "that was not saved");
    }
}
