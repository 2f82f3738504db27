//! `aiproxy schema`: the published schemas, as committed.

use crate::{
    Answer,
    cli::{Schema, SchemaDocument},
};

/// The JSON Schema of one kind of document.
pub fn run(args: &Schema) -> Answer {
    let schema = match args.document {
        SchemaDocument::Config => config_core::schema::CONFIG_SCHEMA,
        SchemaDocument::Lint => include_str!("../../../../schemas/lint.schema.json"),
        SchemaDocument::Explain => include_str!("../../../../schemas/explain.schema.json"),
        SchemaDocument::Sdk => include_str!("../../../../schemas/sdk.schema.json"),
        SchemaDocument::Rules => include_str!("../../../../schemas/rules.schema.json"),
        SchemaDocument::AccessLog => include_str!("../../../../schemas/access-log.schema.json"),
    };
    Answer::good(schema.to_owned())
}
