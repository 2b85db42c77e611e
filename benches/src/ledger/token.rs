//! The mark of an intended post: unique, and enough to know its author and its whole content.
//!
//! So a post that is found can be judged without any list: by its mark, its content is either whole
//! or not, and a mark that is found twice was published twice.

use std::fmt;
use std::str::FromStr;

use fanfold_client::UserId;

/// Authors that one source writes for.
pub(crate) const AUTHORS_PER_SOURCE: u64 = 16;

/// Who intended a post, and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Token {
    pub(crate) source: u64,
    pub(crate) number: u64,
}

impl Token {
    /// Whose post it is.
    pub(crate) fn author(self) -> UserId {
        author(self.source, self.number)
    }
}

/// One of the authors of a source.
pub(crate) fn author(source: u64, number: u64) -> UserId {
    UserId(1 + source * AUTHORS_PER_SOURCE + number % AUTHORS_PER_SOURCE)
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.source, self.number)
    }
}

impl FromStr for Token {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "expected source-number";
        let (source, number) = text.split_once('-').ok_or(EXPECTED)?;
        let parse = |text: &str| text.parse().map_err(|_| EXPECTED);
        Ok(Self { source: parse(source)?, number: parse(number)? })
    }
}

/// What posts say beside their tokens: texts of the input, taken in turn.
#[derive(Clone, Debug)]
pub(crate) struct Texts(Vec<Box<str>>);

impl Texts {
    pub(crate) fn new(texts: Vec<Box<str>>) -> Self {
        Self(texts)
    }

    /// The whole text of the post with this token.
    pub(crate) fn content(&self, token: Token) -> String {
        let count = self.0.len().max(1) as u64;
        let index = usize::try_from(token.number % count).unwrap_or(0);
        format!("{token} {}", self.0.get(index).map_or("", |text| text))
    }
}

/// The token at the start of a post's text.
pub(crate) fn token_of(text: &str) -> Option<Token> {
    text.split(' ').next()?.parse().ok()
}

/// FNV-1a: names a content in the ledger. Against accidents, not against forgers.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_leads_back_to_its_token() {
        let texts = Texts::new(vec!["one two".into(), "".into()]);
        for number in 0..4 {
            let token = Token { source: 3, number };
            assert_eq!(token_of(&texts.content(token)), Some(token));
        }
        assert_eq!(token_of("no token"), None);
        assert_eq!(token_of(""), None);
        assert_ne!(hash("a"), hash("b"));
    }
}
