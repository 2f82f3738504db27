//! JSON text with line breaks, every token as it was: numbers too large for any number type, escapes
//! and repeated members stay what they are.

/// Deeper values stay on one line, so that the indentation of a hostile body costs no more than it.
const MAX_DEPTH: usize = 64;

/// `json`, two blanks a level; its own first level is `depth`. The text has to be valid JSON.
pub fn indented(json: &str, depth: usize) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = depth;
    let mut chars = json.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                out.push(c);
                let mut escaped = false;
                for c in chars.by_ref() {
                    out.push(c);
                    if c == '"' && !escaped {
                        break;
                    }
                    escaped = c == '\\' && !escaped;
                }
            }
            ' ' | '\t' | '\n' | '\r' => {}
            '{' | '[' => {
                out.push(c);
                while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
                match chars.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => out.push(end),
                    None => {
                        depth += 1;
                        line_break(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if depth < MAX_DEPTH {
                    line_break(&mut out, depth);
                }
                out.push(c);
            }
            ',' => {
                out.push(c);
                line_break(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c => out.push(c),
        }
    }
    out
}

fn line_break(out: &mut String, depth: usize) {
    if depth <= MAX_DEPTH {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    }
}

#[cfg(test)]
mod tests {
    use super::indented;

    #[test]
    fn every_token_stays() {
        let json = r#"{"a": [1.10,12345678901234567890123 , {} , [ ] ],"a":"x\\\"{,:","\u0062" : null}"#;
        insta::assert_snapshot!(indented(json, 1));
        assert_eq!(indented("\"a\"", 0), "\"a\"");
    }

    #[test]
    fn depth_costs_no_more_than_the_text() {
        let json = "[".repeat(100_000) + &"]".repeat(100_000);
        let out = indented(&json, 0);
        assert!(out.len() < 2 * json.len());
        assert_eq!(out.split_whitespace().collect::<String>(), json);
    }
}
