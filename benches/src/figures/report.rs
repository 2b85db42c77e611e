//! The result: a line for people on standard output, an object for machines in a file.

use std::fmt::Display;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::console::say;
use crate::exit::{Explain, Outcome};
use crate::sample::Sample;

/// Where the rows go.
#[derive(Debug)]
pub(crate) struct Report {
    json: Option<(PathBuf, File)>,
}

impl Report {
    /// A report that is also written to `path`, if there is one.
    pub(crate) fn new(path: Option<&Path>) -> Outcome<Self> {
        let create = |path: &Path| {
            let file = File::create(path).explain(|| format!("cannot write {}", path.display()))?;
            Ok((path.to_owned(), file))
        };
        Ok(Self { json: path.map(create).transpose()? })
    }

    /// One case: `shown` for people, `value` for machines.
    pub(crate) fn row(
        &mut self,
        figure: &str,
        case: &str,
        shown: impl Display,
        value: Value,
    ) -> Outcome<()> {
        say(format!("{figure:<8} {case:<46} {shown}"));
        let mut line = Map::new();
        line.insert("figure".to_owned(), json!(figure));
        line.insert("case".to_owned(), json!(case));
        match value {
            Value::Object(fields) => line.extend(fields),
            other => {
                line.insert("value".to_owned(), other);
            }
        }
        self.line(&Value::Object(line))
    }

    /// A case that was sampled, beside its limit if it has one.
    pub(crate) fn sample(
        &mut self,
        figure: &str,
        case: &str,
        sample: &Sample,
        limit: Option<&Sample>,
    ) -> Outcome<()> {
        let mut value = sample.json();
        let Some(limit) = limit.filter(|limit| 0.0 < limit.median()) else {
            return self.row(figure, case, sample, value);
        };
        let ratio = sample.median() / limit.median();
        if let Value::Object(fields) = &mut value {
            fields.insert("of_limit".to_owned(), json!(ratio));
        }
        let shown = format!("{sample}  = {:.0} % of the limit", ratio * 100.0);
        self.row(figure, case, shown, value)
    }

    /// An object of its own: the machine, the settings.
    pub(crate) fn line(&mut self, value: &Value) -> Outcome<()> {
        match &mut self.json {
            Some((path, file)) => {
                writeln!(file, "{value}").explain(|| format!("cannot write {}", path.display()))
            }
            None => Ok(()),
        }
    }
}
