//! `fanfold import`, run as people run it, and what it reported.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::exit::{Explain, Failure, Outcome};
use crate::input::Input;
use crate::programs::Programs;
use crate::workplace::Workplace;

/// A finished import.
#[derive(Clone, Debug)]
pub(crate) struct Imported {
    /// The whole run of the tool, its start included.
    pub(crate) time: Duration,
    /// Its own summary.
    summary: Value,
    ids: PathBuf,
}

impl Imported {
    /// Imports `input` into the daemon at `url`. Any refused line is a failure.
    pub(crate) fn run(
        programs: &Programs,
        url: &str,
        input: &Input,
        workplace: &Workplace,
    ) -> Outcome<Self> {
        Self::run_with(programs, url, input, (workplace, &["--strict"]))
    }

    /// The same with other options than to be strict.
    pub(crate) fn run_with(
        programs: &Programs,
        url: &str,
        input: &Input,
        (workplace, options): (&Workplace, &[&str]),
    ) -> Outcome<Self> {
        let ids = workplace.join("ids.tsv");
        let mut tool = Command::new(&programs.tool);
        tool.args(["--url", url, "--json", "import"]).args(options);
        tool.arg("--graph").arg(&input.graph_file);
        tool.arg("--posts").arg(&input.posts_file).arg("--ids").arg(&ids);
        tool.arg("--rejects").arg(workplace.join("rejects.tsv"));
        tool.arg("--progress").arg(workplace.join("import-progress"));
        let started = Instant::now();
        let output = tool.stdin(Stdio::null()).output();
        let time = started.elapsed();
        let output = output.explain(|| format!("cannot run {}", programs.tool.display()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.trim_end().lines().last().unwrap_or("nothing");
            return Err(Failure::failed(format!("the import ended: {}: {said}", output.status)));
        }
        let summary = serde_json::from_slice(&output.stdout)
            .explain(|| "cannot read the summary of the import".to_owned())?;
        Ok(Self { time, summary, ids })
    }

    /// Lines a second of `graph` or `posts`, as the tool measured them.
    pub(crate) fn rate(&self, input: &str) -> Option<f64> {
        self.summary.get(input)?.get("rate")?.as_f64()
    }

    /// How many lines of `graph` or `posts` were imported.
    pub(crate) fn count(&self, input: &str) -> Option<u64> {
        self.summary.get(input)?.get("imported")?.as_u64()
    }

    /// Input id to post id, as the tool wrote them.
    pub(crate) fn ids(&self) -> Outcome<HashMap<u64, u64>> {
        read_ids(&self.ids)
    }
}

/// Reads an ids file: input id, tab, post id.
pub(crate) fn read_ids(path: &Path) -> Outcome<HashMap<u64, u64>> {
    let read = || format!("cannot read {}", path.display());
    let lines = BufReader::new(File::open(path).explain(read)?).lines();
    let mut ids = HashMap::new();
    for line in lines {
        let line = line.explain(read)?;
        let pair = line.split_once('\t');
        let pair = pair.and_then(|(line, post)| Some((line.parse().ok()?, post.parse().ok()?)));
        let (id, post) = pair.ok_or_else(|| {
            Failure::failed(format!("{}: expected id, tab, post id: {line}", path.display()))
        })?;
        if ids.insert(id, post).is_some() {
            let shown = path.display();
            return Err(Failure::failed(format!("{shown} names the post with id {id} twice")));
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn ids_are_read_and_a_repeated_one_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ids");
        let write = |text: &str| File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        write("1\t10\n2\t11\n");
        assert_eq!(read_ids(&path).unwrap(), HashMap::from([(1, 10), (2, 11)]));
        write("1\t10\n1\t11\n");
        assert!(read_ids(&path).unwrap_err().to_string().contains("id 1 twice"));
        write("1 10\n");
        assert!(read_ids(&path).unwrap_err().to_string().contains("expected id, tab"));
    }
}
