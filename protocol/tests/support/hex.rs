//! Bytes as hex in lines with comments: `0a ff  # what it is`.
//!
//! The form of the golden files and of the example in `PROTOCOL.md`.

/// The bytes of a text. Everything from `#` to the end of a line is a comment.
pub(crate) fn parse(text: &str) -> Vec<u8> {
    text.lines()
        .flat_map(|line| line.split('#').next().unwrap_or("").split_whitespace())
        .map(|pair| u8::from_str_radix(pair, 16).unwrap_or_else(|_| panic!("{pair} is no byte")))
        .collect()
}

/// One piece of bytes with its comment, at most 16 bytes a line.
pub(crate) fn line(bytes: &[u8], comment: &str) -> String {
    let mut out = String::new();
    for (index, chunk) in bytes.chunks(16).enumerate() {
        let pairs: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        let comment = if index == 0 { comment } else { "" };
        let text = format!("{:<48}# {comment}", pairs.join(" "));
        out.push_str(text.trim_end_matches("# ").trim_end());
        out.push('\n');
    }
    out
}
