//! Key files of Google service accounts, which are never part of a message.

use serde_json::Value;

use super::{Fault, Verdict};

/// The JSON text of a key file.
pub(super) fn key_file(text: &str) -> Verdict {
    let fault = |message: &str| {
        let help = "write the JSON file that Google Cloud makes for a key of the service account";
        Err(Fault::new(0..text.len(), message, help))
    };
    let Ok(Value::Object(file)) = serde_json::from_str(text) else {
        return fault("a service account's key is a JSON object, and this is none");
    };
    let is =
        |name: &str, expected: fn(&str) -> bool| file.get(name).and_then(Value::as_str).is_some_and(expected);
    if !is("type", |kind| kind == "service_account") {
        return fault("the key file is no service account's: its `type` is not `service_account`");
    }
    if !is("client_email", |email| !email.is_empty()) || !is("private_key", |key| !key.is_empty()) {
        return fault("a service account's key has the texts `client_email` and `private_key`");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_that_of_a_service_account() {
        let texts = [
            "s3cr3t",
            "[]",
            r#"{"type":"authorized_user","client_secret":"s3cr3t"}"#,
            r#"{"type":"service_account","client_email":"a@b"}"#,
            r#"{"type":"service_account","client_email":"a@b","private_key":"s3cr3t"}"#,
        ];
        let said =
            texts.map(|text| key_file(text).map_or_else(|fault| fault.message, |()| "fine".to_owned()));
        insta::assert_snapshot!(said.join("\n"), @r"
        a service account's key is a JSON object, and this is none
        a service account's key is a JSON object, and this is none
        the key file is no service account's: its `type` is not `service_account`
        a service account's key has the texts `client_email` and `private_key`
        fine
        ");
    }
}
