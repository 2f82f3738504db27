//! Which rules exist, and the checks behind those that look at the typed configuration.
//!
//! An id is permanent and is spelled the same in five places: the variant here, the file that
//! checks it (`rules/<id>.rs`, unless an earlier stage finds it), its page `docs/rules/<id>.md`,
//! its fixtures `fixtures/rules/<id>/`, and the output of every command.

mod ambiguous_routes;
mod api_version;
mod capture_missing_on_path;
mod capture_value;
mod client_controlled_host;
mod client_controlled_path;
mod client_value;
mod client_value_may_be_absent;
mod conflicting_fields;
mod credential_crossover;
mod dead_path;
mod empty_capture;
mod empty_route;
mod glued_capture;
mod invalid_path;
mod invalid_path_regex;
mod invalid_secret_reference;
mod invalid_value;
mod kong_portability;
pub(crate) mod literal_secret;
mod malformed_template;
mod method_cannot_work;
mod missing_provider_option;
mod optional_capture;
mod resource_limit;
mod rewrite;
mod rivalry;
mod sdk_unreachable;
mod shadowed_route;
mod strings;
mod template_not_evaluated;
mod unanchored_path;
mod unauthenticated_credential;
mod uncompilable;
mod undecided;
mod undefined_capture;
mod unknown_template_source;
pub(crate) mod unresolved_secret;
mod unsupported_entity;
mod unused_capture;
mod upstream_url;
mod uri_capture;
mod url_parts;
mod wording;

use crate::analysis::Facts;
use crate::diagnostic::{Diagnostic, Severity};
use crate::proof::Proofs;

macro_rules! rules {
    ($($variant:ident $id:literal $severity:ident $summary:literal;)*) => {
        /// A rule's identity.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $(#[doc = $summary] $variant,)*
        }

        impl Rule {
            /// Every rule, by default severity and then in the order of the manual.
            pub const ALL: &[Rule] = &[$(Rule::$variant,)*];

            /// The permanent kebab-case id.
            pub fn id(self) -> &'static str {
                match self { $(Rule::$variant => $id,)* }
            }

            /// The severity unless the user chooses another.
            pub fn severity(self) -> Severity {
                match self { $(Rule::$variant => Severity::$severity,)* }
            }

            /// One line: what the rule reports.
            pub fn summary(self) -> &'static str {
                match self { $(Rule::$variant => $summary,)* }
            }

            /// The rule's page of the manual, in Markdown.
            pub fn page(self) -> &'static str {
                match self {
                    $(Rule::$variant => include_str!(concat!("../../../docs/rules/", $id, ".md")),)*
                }
            }
        }
    };
}

rules! {
    YamlSyntax "yaml-syntax" Error "the text is not well-formed YAML or JSON, or means different things to different parsers";
    DuplicateKey "duplicate-key" Error "a mapping has the same key twice";
    ResourceLimit "resource-limit" Error "the file exceeds a limit that keeps checking it bounded";
    UnknownField "unknown-field" Error "a key that the entity does not have";
    MissingField "missing-field" Error "a required key is absent or null";
    WrongType "wrong-type" Error "a value has another type than its field";
    OutOfRange "out-of-range" Error "a number or length is outside its field's range";
    InvalidValue "invalid-value" Error "a value has the right type but not a form that its field accepts";
    ConflictingFields "conflicting-fields" Error "fields that exclude or demand each other are combined";
    MissingProviderOption "missing-provider-option" Error "the provider needs an option that is absent";
    DuplicateName "duplicate-name" Error "a name or id that must be unique is used twice";
    DuplicatePlugin "duplicate-plugin" Error "a plugin is configured twice for the same scope";
    DanglingReference "dangling-reference" Error "a reference names an entity that the file does not declare";
    EmptyRoute "empty-route" Error "a route has no criterion that its protocols could match on";
    InvalidPath "invalid-path" Error "a prefix path that is not in the form requests are matched in";
    InvalidPathRegex "invalid-path-regex" Error "a `~` path whose regex does not compile";
    UndefinedCapture "undefined-capture" Error "a template uses a capture that no path of a route defines";
    OptionalCapture "optional-capture" Error "a template uses a capture that a match may leave unset";
    CaptureMissingOnPath "capture-missing-on-path" Error "a template uses a capture that only some paths of a route define";
    UnknownTemplateSource "unknown-template-source" Error "a template reads from a source that does not exist";
    MalformedTemplate "malformed-template" Error "a placeholder that cannot be parsed";
    TemplateNotEvaluated "template-not-evaluated" Error "a placeholder in a field where none is evaluated";
    InvalidSecretReference "invalid-secret-reference" Error "a secret reference that cannot be resolved, or stands where none is";
    UnresolvedSecret "unresolved-secret" Error "a secret reference whose variable is not set in this environment";
    ClientControlledHost "client-controlled-host" Error "a client's value decides which host receives the credential";
    AmbiguousScalar "ambiguous-scalar" Warning "a plain scalar that another YAML reader takes for another type";
    MultipleDocuments "multiple-documents" Warning "only the first document of the file is read";
    UnsupportedPlugin "unsupported-plugin" Warning "a plugin of Kong's that aiproxy does not run";
    UnknownPlugin "unknown-plugin" Warning "a plugin name that neither aiproxy nor Kong knows";
    KongPortability "kong-portability" Warning "Kong 3.10 refuses this, or does something else with it";
    LiteralSecret "literal-secret" Warning "a credential is written into the file";
    GluedCapture "glued-capture" Warning "a group goes on where a literal word ends, without a separator";
    DeadPath "dead-path" Warning "a path that no request can have";
    EmptyCapture "empty-capture" Warning "a capture may be empty where an empty value is refused";
    MethodCannotWork "method-cannot-work" Warning "a method with which no request to the plugin can succeed";
    ShadowedRoute "shadowed-route" Warning "a route or path that can never win a request";
    AmbiguousRoutes "ambiguous-routes" Warning "two routes match the same request, and only their order in the file decides";
    CredentialCrossover "credential-crossover" Warning "a client that leaves out a part of its path is answered with another route's credential";
    ClientControlledPath "client-controlled-path" Warning "a client's value decides which operation of the provider is asked";
    UpstreamUrl "upstream-url" Warning "requests are sent to a URL that cannot be meant";
    ApiVersion "api-version" Warning "a version of Azure OpenAI's API that does not exist there or does too little";
    UnusedIgnore "unused-ignore" Warning "an ignore comment that matches no finding or names no rule";
    UnsupportedEntity "unsupported-entity" Info "an entity that aiproxy accepts and does not run";
    DeprecatedField "deprecated-field" Info "a field that Kong has deprecated";
    UnanchoredPath "unanchored-path" Info "a `~` path that also matches longer paths";
    UnusedCapture "unused-capture" Info "a named group that no template uses";
    ClientValueMayBeAbsent "client-value-may-be-absent" Info "a template uses a header or query argument that a request may lack";
    SdkUnreachable "sdk-unreachable" Info "a route for chats or completions that no request of an SDK reaches";
    UnauthenticatedCredential "unauthenticated-credential" Info "routes that spend a credential for anybody who reaches them";
    Undecided "undecided" Info "something that could not be proved, nor refuted, within the limits of a proof";
}

impl Rule {
    /// Whether findings of the rule may carry a [fix](crate::diagnostic::Fix).
    pub fn fixable(self) -> bool {
        matches!(
            self,
            Rule::InvalidPath
                | Rule::UndefinedCapture
                | Rule::UnknownTemplateSource
                | Rule::InvalidSecretReference
                | Rule::KongPortability
                | Rule::GluedCapture
                | Rule::DeadPath
        )
    }

    /// The rule with this id.
    pub fn from_id(id: &str) -> Option<Rule> {
        Rule::ALL.iter().copied().find(|rule| rule.id() == id)
    }
}

/// The checks of this layer, in the order of the rules.
const CHECKS: &[fn(&Facts, &mut Vec<Diagnostic>)] = &[
    resource_limit::check,
    invalid_value::check,
    conflicting_fields::check,
    missing_provider_option::check,
    empty_route::check,
    invalid_path::check,
    invalid_path_regex::check,
    undefined_capture::check,
    optional_capture::check,
    capture_missing_on_path::check,
    unknown_template_source::check,
    malformed_template::check,
    template_not_evaluated::check,
    invalid_secret_reference::check,
    client_controlled_host::check,
    kong_portability::check,
    literal_secret::check,
    method_cannot_work::check,
    unsupported_entity::check,
    unused_capture::check,
    uncompilable::check,
];

/// The checks that look at what the file compiles to. They never find an error: a plan is compiled
/// before they run.
const PROOFS: &[fn(&Proofs, &mut Vec<Diagnostic>)] = &[
    glued_capture::check,
    dead_path::check,
    empty_capture::check,
    shadowed_route::check,
    ambiguous_routes::check,
    kong_portability::order::check,
    credential_crossover::check,
    client_controlled_path::check,
    upstream_url::check,
    api_version::check,
    unanchored_path::check,
    client_value_may_be_absent::check,
    sdk_unreachable::check,
    unauthenticated_credential::check,
];

/// Runs every check over the facts.
pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    for check in CHECKS {
        check(facts, diagnostics);
    }
}

/// Runs every check over the plan.
pub(crate) fn prove(proofs: &Proofs, diagnostics: &mut Vec<Diagnostic>) {
    for check in PROOFS {
        check(proofs, diagnostics);
    }
    // What the others have left open.
    undecided::check(proofs, diagnostics);
}
