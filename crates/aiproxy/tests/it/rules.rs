use insta::assert_snapshot;

use crate::run::aiproxy;

#[test]
fn all_rules_are_listed() {
    assert_snapshot!(aiproxy("rules").run());
}

#[test]
fn a_rule_has_a_page() {
    let run = aiproxy("rules undefined-capture").run();
    assert_eq!(run.stdout, include_str!("../../../../docs/rules/undefined-capture.md"));
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
}

#[test]
fn an_unknown_rule_is_answered_with_the_nearest() {
    let run = aiproxy("rules undefined-captur").run();
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.contains("a similar value exists: 'undefined-capture'"), "{}", run.stderr);
}

#[test]
fn json_has_the_page_if_one_rule_is_asked_for() {
    let all = aiproxy("rules --format json").run().json();
    assert!(all["rules"].as_array().unwrap().len() > 30);
    assert!(all["rules"].as_array().unwrap().iter().all(|rule| rule["page"].is_null()));
    let one = aiproxy("rules --format json wrong-type").run().json();
    assert_eq!(one["rules"][0]["page"], include_str!("../../../../docs/rules/wrong-type.md"));
    assert_eq!(one["rules"].as_array().unwrap().len(), 1);
}
