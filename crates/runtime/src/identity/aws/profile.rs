//! Profiles: the files that the AWS command line keeps in `~/.aws`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Keys;
use crate::identity::problem::{Problem, Variables, read};
use crate::secrets::Secret;

/// What counts of a profile.
pub(super) struct Profile {
    pub name: String,
    pub region: Option<String>,
    /// Its keys, if it has any; a problem if it gets them in a way that is not supported.
    pub keys: Result<Option<Keys>, Problem>,
}

/// The members of a section, by their names in lower case.
type Section = BTreeMap<String, String>;

/// Members with which a profile gets its keys elsewhere.
const ELSEWHERE: [(&str, &str); 7] = [
    ("role_arn", "a role that is taken on"),
    ("source_profile", "a role that is taken on"),
    ("credential_source", "a role that is taken on"),
    ("web_identity_token_file", "a web identity"),
    ("credential_process", "a program"),
    ("sso_session", "single sign-on"),
    ("sso_start_url", "single sign-on"),
];

impl Profile {
    /// The profile `AWS_PROFILE`, or else `default` if there is one.
    pub fn find(variables: Variables<'_>) -> Result<Option<Self>, Problem> {
        let asked = variables.line("AWS_PROFILE")?;
        let name = asked.as_deref().unwrap_or("default");
        let file = |variable, name| -> Result<Option<(PathBuf, String)>, Problem> {
            let Some(path) = path(variables, variable, name)? else { return Ok(None) };
            Ok(read(&path)?.map(|text| (path, text)))
        };
        let credentials = file("AWS_SHARED_CREDENTIALS_FILE", "credentials")?;
        let config = file("AWS_CONFIG_FILE", "config")?;
        let credentials = credentials.as_ref().and_then(|(path, text)| Some((&**path, section(text, name)?)));
        let long = format!("profile {name}");
        let config = config.as_ref().and_then(|(path, text)| {
            let short = || (name == "default").then(|| section(text, name)).flatten();
            Some((&**path, section(text, &long).or_else(short)?))
        });
        let found = [credentials, config];
        if let (Some(asked), [None, None]) = (&asked, &found) {
            let message = format!("`AWS_PROFILE` is `{asked}`, and neither file of profiles has it");
            let help = "name a profile of `~/.aws/credentials` or `~/.aws/config`, or unset `AWS_PROFILE`";
            return Err(Problem::new(message, help));
        }
        let sections: Vec<(&Path, Section)> = found.into_iter().flatten().collect();
        if sections.is_empty() {
            return Ok(None);
        }
        let region = sections.iter().rev().find_map(|(_, section)| section.get("region")).cloned();
        Ok(Some(Self { name: name.to_owned(), region, keys: keys(name, &sections) }))
    }
}

fn keys(name: &str, sections: &[(&Path, Section)]) -> Result<Option<Keys>, Problem> {
    // Keys beside a role are those that take it on.
    for (path, section) in sections {
        if let Some((member, what)) = ELSEWHERE.iter().find(|(member, _)| section.contains_key(*member)) {
            let message = format!(
                "the profile `{name}` in `{}` gets its keys from {what} (`{member}`), which is not supported",
                path.display()
            );
            let help = "give keys with `aws configure export-credentials`, or set another `AWS_PROFILE`";
            return Err(Problem::new(message, help));
        }
    }
    for (path, section) in sections {
        let member = |name: &str| section.get(name).filter(|text| !text.is_empty());
        match (member("aws_access_key_id"), member("aws_secret_access_key")) {
            (Some(id), Some(secret)) => {
                let session = member("aws_session_token").map(|token| Secret::new(token.as_str()));
                let keys = Keys { id: id.clone(), secret: Secret::new(secret.as_str()), session };
                return Ok(Some(keys));
            }
            (None, None) => {}
            _ => {
                let message = format!("the profile `{name}` in `{}` has half a key", path.display());
                let help = "a profile has both `aws_access_key_id` and `aws_secret_access_key`, or neither";
                return Err(Problem::new(message, help));
            }
        }
    }
    Ok(None)
}

/// Where a file is: as the variable has it, or in the user's directory.
fn path(variables: Variables<'_>, variable: &str, name: &str) -> Result<Option<PathBuf>, Problem> {
    if let Some(path) = variables.line(variable)? {
        return Ok(Some(path.into()));
    }
    let home = match variables.line("HOME")? {
        None => variables.line("USERPROFILE")?,
        home => home,
    };
    Ok(home.map(|home| Path::new(&home).join(".aws").join(name)))
}

/// The members of a section, wherever it stands; `None` if there is no such section.
fn section(text: &str, name: &str) -> Option<Section> {
    let mut found: Option<Section> = None;
    let mut inside = false;
    for line in text.lines() {
        let is_nested = line.starts_with([' ', '\t']);
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) || is_nested {
            continue;
        }
        if let Some(heading) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            inside = heading.split_whitespace().eq(name.split_whitespace());
            if inside {
                found.get_or_insert_default();
            }
        } else if let (true, Some(section), Some((name, value))) = (inside, &mut found, line.split_once('='))
        {
            let value = [" #", " ;", "\t#", "\t;"]
                .iter()
                .fold(value, |value, comment| value.split_once(comment).map_or(value, |(value, _)| value));
            section.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const CREDENTIALS: &str = "\
# keys
[default]
aws_access_key_id = AKIDDEFAULT
aws_secret_access_key=secret/default+= # a comment
[ work ]
AWS_ACCESS_KEY_ID = AKIDWORK
aws_secret_access_key = secret-work
aws_session_token = session==
[half]
aws_access_key_id = AKIDHALF
";

    const CONFIG: &str = "\
[default]
region = eu-central-1
s3 =
  region = nested
[profile work]
region = eu-west-1
; another
[profile sso]
sso_session = company
region = us-east-2
[sso-session company]
sso_start_url = https://example.com
[default]
output = json
";

    /// What of the profile is found where the two files are as above.
    fn found(profile: Option<&str>) -> String {
        let directory = std::env::temp_dir().join(format!("aiproxy-profile-{}", uuid::Uuid::new_v4()));
        fs::create_dir_all(directory.join(".aws")).unwrap();
        fs::write(directory.join(".aws/credentials"), CREDENTIALS).unwrap();
        fs::write(directory.join(".aws/config"), CONFIG).unwrap();
        let home = directory.to_str().unwrap().to_owned();
        let environment = |name: &str| match name {
            "HOME" => Some(home.clone()),
            "AWS_PROFILE" => profile.map(str::to_owned),
            _ => None,
        };
        let found = Profile::find(Variables(&environment));
        fs::remove_dir_all(&directory).unwrap();
        let text = match found {
            Err(problem) => problem.message,
            Ok(None) => "nothing".to_owned(),
            Ok(Some(Profile { region, keys, .. })) => {
                let region = region.unwrap_or_default();
                match keys {
                    Err(problem) => format!("{region} {}", problem.message),
                    Ok(None) => format!("{region} without keys"),
                    Ok(Some(Keys { id, secret, session })) => {
                        let session = session.as_ref().map_or("no session", Secret::reveal);
                        format!("{region} {id} {} {session}", secret.reveal())
                    }
                }
            }
        };
        text.replace(&home, "~")
    }

    #[test]
    fn a_profile_is_put_together_from_two_files() {
        let all = [None, Some("work"), Some("half"), Some("sso"), Some("none")].map(found);
        insta::assert_snapshot!(all.join("\n"), @r"
        eu-central-1 AKIDDEFAULT secret/default+= no session
        eu-west-1 AKIDWORK secret-work session==
         the profile `half` in `~/.aws/credentials` has half a key
        us-east-2 the profile `sso` in `~/.aws/config` gets its keys from single sign-on (`sso_session`), which is not supported
        `AWS_PROFILE` is `none`, and neither file of profiles has it
        ");
    }

    proptest::proptest! {
        #[test]
        fn no_file_is_too_strange(text in r"(\[|\]|=|#| |\n|é|default|profile|\PC){0,40}") {
            let _ = section(&text, "default");
        }
    }

    #[test]
    fn no_files_are_no_profile() {
        let environment = |name: &str| (name == "HOME").then(|| "/nonexistent".to_owned());
        assert!(matches!(Profile::find(Variables(&environment)), Ok(None)));
        assert!(matches!(Profile::find(Variables(&|_| None)), Ok(None)));
    }
}
