//! Variables of ours in the environment that mean nothing to the daemon; pure.
//!
//! They are no mistake, unlike an unknown key of the file: the environment is shared with other
//! programs and versions. But a misspelt setting that is silently ignored is found at the worst
//! moment, so whoever starts the daemon is told.

use super::settings::SETTINGS;
use crate::suggest::nearest;

const PREFIX: &str = "FANFOLD_";

/// What is known beside the settings: where the file is, and what the `fanfold` tool reads.
const OTHERS: [&str; 2] = ["CONFIG", "URL"];

/// A warning for each of `names` that starts like ours and is none of ours.
pub(crate) fn strangers(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let rest = |variable: String| variable.strip_prefix(PREFIX).map(str::to_owned);
    let settings = SETTINGS.iter().filter_map(|setting| rest(setting.variable()));
    let known: Vec<String> = settings.chain(OTHERS.map(str::to_owned)).collect();
    let stranger = |name: String| {
        let rest = name.strip_prefix(PREFIX)?;
        (!known.iter().any(|word| word == rest)).then(|| warning(&name, rest, &known))
    };
    names.into_iter().filter_map(stranger).collect()
}

/// The common prefix is left out of the comparison: it would make everything look near.
fn warning(name: &str, rest: &str, known: &[String]) -> String {
    match nearest(rest, known.iter().map(String::as_str)) {
        Some(near) => format!("unknown variable {name}; did you mean {PREFIX}{near}?"),
        None => format!(
            "unknown variable {name}; each is {PREFIX} and a long flag of `fanfoldd serve --help`"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warned(name: &str) -> Option<String> {
        strangers([name.to_owned()]).pop()
    }

    #[test]
    fn every_variable_of_ours_is_known() {
        for setting in &SETTINGS {
            assert_eq!(warned(&setting.variable()), None);
        }
        for name in ["FANFOLD_CONFIG", "FANFOLD_URL", "FANFOLDER", "PATH"] {
            assert_eq!(warned(name), None);
        }
    }

    #[test]
    fn a_near_name_is_suggested_and_no_far_one() {
        let near = warned("FANFOLD_MAX_FOLOWEES").unwrap();
        assert!(near.ends_with("did you mean FANFOLD_MAX_FOLLOWEES?"), "{near}");
        let far = warned("FANFOLD_SEED").unwrap();
        assert!(far.starts_with("unknown variable FANFOLD_SEED; each is"), "{far}");
    }
}
