//! `AUDIENCE who`: who sees a post, in words and in answers. A part of [`command`](super::command) and of
//! `timelines.rs`.

use fanfold_engine::{Audience, GroupName};

use super::command::{Words, Wrong};
use crate::text::escape;

impl Words<'_> {
    /// `[AUDIENCE everybody|followers|mutual|self|group:NAME]`: everybody unless the word is there. What
    /// follows it must be one of these: a mistyped one would tell everybody.
    pub(super) fn audience(&mut self) -> Result<Audience, Wrong> {
        if !self.is_next("audience") {
            return Ok(Audience::default());
        }
        let word = self.required("audience")?;
        named(word).ok_or_else(|| {
            self.wrong(format!(
                "`{word}` is not an audience: everybody, followers, mutual, self or group:NAME; a text \
                 that begins with AUDIENCE stands behind AUDIENCE everybody"
            ))
        })
    }
}

fn named(word: &str) -> Option<Audience> {
    Some(match word.to_ascii_lowercase().as_str() {
        "everybody" => Audience::Everybody,
        "followers" => Audience::Followers,
        "mutual" => Audience::Mutual,
        "self" => Audience::Author,
        _ => {
            let (kind, name) = word.split_once(':')?;
            kind.eq_ignore_ascii_case("group").then(|| Audience::group(GroupName::new(name)))?
        }
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
