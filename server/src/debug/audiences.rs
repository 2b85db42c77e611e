//! `AUDIENCE who`: who sees a post, in words and in answers. A part of [`command`](super::command) and of
//! `timelines.rs`.

use fanfold_engine::{Audience, GroupName};

use super::command::Words;
use crate::text::escape;

impl Words<'_> {
    /// `[AUDIENCE everybody|followers|mutual|self|group:NAME]`: everybody unless one of these follows, for
    /// a text may begin with the word.
    pub(super) fn audience(&mut self) -> Audience {
        let before = self.rest;
        let is_said = self.word().is_some_and(|word| word.eq_ignore_ascii_case("audience"));
        let found = if is_said { self.word().and_then(named) } else { None };
        if found.is_none() {
            self.rest = before;
        }
        found.unwrap_or_default()
    }
}

fn named(word: &str) -> Option<Audience> {
    Some(match word {
        "everybody" => Audience::Everybody,
        "followers" => Audience::Followers,
        "mutual" => Audience::Mutual,
        "self" => Audience::Author,
        _ => Audience::group(GroupName::new(word.strip_prefix("group:")?)),
    })
}

/// `, for followers`; nothing if it is for everybody.
pub(super) fn listed(audience: &Audience) -> String {
    match audience {
        Audience::Everybody => String::new(),
        other => format!(", for {}", who(other)),
    }
}

/// As the command says it.
pub(super) fn who(audience: &Audience) -> String {
    match audience {
        Audience::Everybody => "everybody".to_owned(),
        Audience::Followers => "followers".to_owned(),
        Audience::Mutual => "mutual".to_owned(),
        Audience::Author => "self".to_owned(),
        Audience::Group(group) => format!("group:{}", escape(group.name.as_str().as_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_audiences() {
        for word in ["everybody", "followers", "mutual", "self", "group:family"] {
            assert_eq!(who(&named(word).unwrap()), word);
        }
        assert_eq!(named("friends"), None);
        assert_eq!(listed(&Audience::Everybody), "");
        assert_eq!(listed(&Audience::Author), ", for self");
    }
}
