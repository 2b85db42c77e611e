//! Splits a line of the shell into words, with quotes as people know them.
//!
//! Single quotes keep everything, double quotes and bare words know the backslash. No variables,
//! no globbing, no comments.

/// The words of a line, or what is wrong with it.
pub(crate) fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            letter if letter.is_whitespace() => words.extend(word.take()),
            '\'' => quoted(&mut letters, '\'', word.get_or_insert_default())?,
            '"' => quoted(&mut letters, '"', word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(escaped(&mut letters)?),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Appends up to the closing quote.
fn quoted(letters: &mut std::str::Chars<'_>, quote: char, word: &mut String) -> Result<(), String> {
    while let Some(letter) = letters.next() {
        match letter {
            letter if letter == quote => return Ok(()),
            '\\' if quote == '"' => word.push(escaped(letters)?),
            letter => word.push(letter),
        }
    }
    Err(format!("the quote {quote} is not closed"))
}

/// The letter after a backslash; `n` and `t` make a line end and a tab.
fn escaped(letters: &mut std::str::Chars<'_>) -> Result<char, String> {
    match letters.next() {
        Some('n') => Ok('\n'),
        Some('t') => Ok('\t'),
        Some(letter) => Ok(letter),
        None => Err("nothing follows the backslash at the end".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_split_as_people_expect() {
        let cases: [(&str, &[&str]); 8] = [
            ("", &[]),
            ("  home  7 ", &["home", "7"]),
            ("publish 7 'two words'", &["publish", "7", "two words"]),
            ("publish 7 \"it's\"", &["publish", "7", "it's"]),
            ("a\"b c\"d", &["ab cd"]),
            ("''", &[""]),
            (r"a\ b '\n' 1\n2", &["a b", r"\n", "1\n2"]),
            (r#""say \"hi\"""#, &["say \"hi\""]),
        ];
        for (line, expected) in cases {
            assert_eq!(split(line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn open_ends_are_named() {
        assert!(split("a 'b").unwrap_err().contains("quote '"));
        assert!(split("a \"b").unwrap_err().contains("quote \""));
        assert!(split("a\\").unwrap_err().contains("backslash"));
    }
}
