//! Why targets are missed, in the words of whoever looked into it: lines `name of the target: reason`.

use std::collections::BTreeMap;
use std::fs::read_to_string;
use std::path::Path;

use super::targets::TARGETS;
use crate::exit::{Explain, Failure, Outcome};

/// Reasons by the names of targets.
#[derive(Clone, Debug, Default)]
pub(super) struct Reasons(BTreeMap<String, String>);

impl Reasons {
    pub(super) fn read(path: &Path) -> Outcome<Self> {
        let text = read_to_string(path).explain(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Outcome<Self> {
        let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        let pair = |line: &str| {
            let (name, reason) = line.split_once(": ").ok_or_else(|| {
                Failure::mistake(format!(
                    "`{line}`: expected the name of a target, a colon, a reason"
                ))
            })?;
            Ok((name.to_owned(), reason.to_owned()))
        };
        lines.map(pair).collect::<Outcome<_>>().map(Self)
    }

    /// A reason for a target that does not exist is out of date.
    pub(super) fn check(&self) -> Outcome<()> {
        let is_known = |name: &str| TARGETS.iter().any(|target| target.name == name);
        match self.0.keys().find(|name| !is_known(name)) {
            Some(name) => Err(Failure::mistake(format!("there is no target `{name}`"))),
            None => Ok(()),
        }
    }

    pub(super) fn of(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_read_and_those_of_no_target_are_refused() {
        let text = "# why\n\nposts on disk: because\n";
        let reasons = Reasons::parse(text).unwrap();
        assert_eq!(reasons.of("posts on disk"), Some("because"));
        assert_eq!(reasons.check(), Ok(()));
        let told = Reasons::parse("x: y").unwrap().check().unwrap_err().to_string();
        assert!(told.contains("no target `x`"), "{told}");
        assert!(Reasons::parse("nonsense").is_err());
    }
}
