//! JSON schemas as Gemini takes them: a part of OpenAPI 3.0's, without references (Gemini API, Schema).
//!
//! What Gemini cannot be told is left out or put into the description: an answer may then be freer than
//! was asked for.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::body::each_item;
use crate::peek::{count, each_member, member, members, present, string};

/// A schema. It has no other members than Gemini knows.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Schema<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    nullable: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    r#enum: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Box<Schema<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_object")]
    properties: Option<Vec<(Cow<'a, str>, Schema<'a>)>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    required: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    property_ordering: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    any_of: Vec<Schema<'a>>,
    #[serde(flatten)]
    bounds: Bounds<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<&'a RawValue>,
}

/// Numbers of a schema, by their names.
#[derive(Debug, Clone, Default)]
struct Bounds<'a>([Option<&'a RawValue>; BOUNDS.len()]);

const BOUNDS: [&str; 8] = [
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
];

/// The types, each with the formats that Gemini knows of it and the first of its two bounds.
const TYPES: [(&str, &[&str], Option<usize>); 7] = [
    ("object", &[], Some(6)),
    ("array", &[], Some(2)),
    ("string", &["enum", "date-time"], Some(4)),
    ("number", &["float", "double"], Some(0)),
    ("integer", &["int32", "int64"], Some(0)),
    ("boolean", &[], None),
    (NULL, &[], None),
];

const NULL: &str = "null";

/// How much work the schemas of one request may make: references can make a short one endless.
#[derive(Debug)]
pub struct Budget {
    schemas: usize,
    bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { schemas: 10_000, bytes: 16 << 20 }
    }
}

/// How deep schemas may be nested; Gemini itself takes fewer levels.
const MAX_DEPTH: usize = 48;

/// A schema is larger than the budget, or nested too deeply, once its references are resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the schema is too large or nested too deeply, counting each `$ref` as what it refers to")]
pub struct TooLarge;

/// A schema as Gemini takes it. What is no schema allows everything.
pub fn clean<'a>(schema: &'a str, budget: &mut Budget) -> Result<Schema<'a>, TooLarge> {
    let mut cleaner = Cleaner { root: schema, budget, resolved: HashMap::new(), path: Vec::new() };
    cleaner.schema(schema, 0)
}

struct Cleaner<'a, 'b> {
    root: &'a str,
    budget: &'b mut Budget,
    /// What references refer to.
    resolved: HashMap<Cow<'a, str>, Option<&'a str>>,
    /// The references that are being resolved.
    path: Vec<Cow<'a, str>>,
}

impl<'a> Cleaner<'a, '_> {
    fn schema(&mut self, text: &'a str, depth: usize) -> Result<Schema<'a>, TooLarge> {
        self.budget.schemas = self.budget.schemas.checked_sub(1).ok_or(TooLarge)?;
        self.spend(text.len())?;
        if depth == MAX_DEPTH {
            return Err(TooLarge);
        }
        let names = [
            "type",
            "format",
            "title",
            "description",
            "nullable",
            "required",
            "propertyOrdering",
            "pattern",
            "default",
        ];
        let Some(found) = members(text, names) else { return Ok(Schema::default()) };
        let [kind, format, title, description, nullable, required, ordering, pattern, default] = found;
        let bounds = members(text, BOUNDS).unwrap_or_default();
        let (kinds, takes_null) = types(kind);
        let mut schema = Schema {
            title: title.and_then(string),
            description: description.and_then(string),
            nullable: takes_null || nullable == Some("true"),
            required: required.map(strings).unwrap_or_default(),
            property_ordering: ordering.map(strings).unwrap_or_default(),
            bounds: Bounds(std::array::from_fn(|at| bounds[at].and_then(|text| bound(at, text)))),
            pattern: pattern.and_then(string),
            default: default.and_then(|text| serde_json::from_str(text).ok()),
            ..Schema::default()
        };
        if let [only] = *kinds {
            schema.r#type = Some(only);
        }
        self.children(&mut schema, text, depth)?;
        values(&mut schema, text, kinds.len() > 1);
        self.combinations(&mut schema, text, depth)?;
        schema.format = format.and_then(string).and_then(|format| known_format(schema.r#type, &format));
        let schema =
            if kinds.len() > 1 && schema.any_of.is_empty() { schema.by_type(&kinds) } else { schema };
        Ok(schema.settled())
    }

    /// The schemas of members and items.
    fn children(&mut self, schema: &mut Schema<'a>, text: &'a str, depth: usize) -> Result<(), TooLarge> {
        let [properties, items, prefix_items] =
            members(text, ["properties", "items", "prefixItems"]).unwrap_or_default();
        if let Some(properties) = properties.filter(|text| text.starts_with('{')) {
            let mut cleaned = Vec::new();
            let mut failure = Ok(());
            each_member(properties, &mut |name, text| match self.schema(text, depth + 1) {
                Ok(property) => cleaned.push((name, property)),
                Err(error) => failure = failure.and(Err(error)),
            });
            failure?;
            let mut seen = HashSet::new();
            cleaned.retain(|(name, _)| seen.insert(name.clone()));
            schema.properties = Some(cleaned);
        }
        // Items by place are not known: each may be any of them.
        schema.items = match (items, prefix_items.or(items)) {
            (_, Some(list)) if list.starts_with('[') => {
                let mut different: Vec<&str> = Vec::new();
                each_item(list, &mut |item| {
                    if !different.contains(&item) {
                        different.push(item);
                    }
                    different.len() < 64
                });
                let mut schema = Schema { any_of: self.all(&different, depth)?, ..Schema::default() };
                schema = schema.settled();
                (!different.is_empty()).then(|| Box::new(schema))
            }
            (Some(items), _) => Some(Box::new(self.schema(items, depth + 1)?)),
            _ => None,
        };
        Ok(())
    }

    /// What other schemas, here or elsewhere, say about the same value.
    fn combinations(&mut self, schema: &mut Schema<'a>, text: &'a str, depth: usize) -> Result<(), TooLarge> {
        let [reference, all, any, one] =
            members(text, ["$ref", "allOf", "anyOf", "oneOf"]).unwrap_or_default();
        if let Some(reference) = reference.and_then(string) {
            schema.merge(self.referred(reference, depth)?);
        }
        for all in self.all(&items(all), depth)? {
            schema.merge(all);
        }
        for alternatives in [any, one].map(items) {
            let alternatives = self.all(&alternatives, depth)?;
            if schema.any_of.is_empty() && !schema.is_told() {
                schema.any_of = alternatives;
            } else if alternatives.iter().any(|it| it.r#type == Some(NULL)) {
                schema.nullable = true;
            }
        }
        Ok(())
    }

    fn all(&mut self, texts: &[&'a str], depth: usize) -> Result<Vec<Schema<'a>>, TooLarge> {
        texts.iter().map(|text| self.schema(text, depth + 1)).collect()
    }

    /// What a reference refers to; of one that is inside itself, only that it is an object.
    fn referred(&mut self, reference: Cow<'a, str>, depth: usize) -> Result<Schema<'a>, TooLarge> {
        if self.path.contains(&reference) {
            return Ok(Schema { r#type: Some("object"), ..Schema::default() });
        }
        let target = match self.resolved.get(&reference) {
            Some(target) => *target,
            None => {
                let target = self.resolve(&reference)?;
                self.resolved.insert(reference.clone(), target);
                target
            }
        };
        let Some(target) = target else { return Ok(Schema::default()) };
        self.path.push(reference);
        let schema = self.schema(target, depth + 1);
        self.path.pop();
        schema
    }

    /// The value at a JSON pointer (RFC 6901) into this schema; nothing else is referred to.
    fn resolve(&mut self, reference: &str) -> Result<Option<&'a str>, TooLarge> {
        let Some(pointer) = reference.strip_prefix('#') else { return Ok(None) };
        let mut target = self.root;
        for name in pointer.split('/').skip(1) {
            self.spend(target.len())?;
            let name = name.replace("~1", "/").replace("~0", "~");
            match member(target, &name) {
                Some(value) => target = value,
                None => return Ok(None),
            }
        }
        Ok(Some(target))
    }

    fn spend(&mut self, bytes: usize) -> Result<(), TooLarge> {
        self.budget.bytes = self.budget.bytes.checked_sub(bytes).ok_or(TooLarge)?;
        Ok(())
    }
}

impl<'a> Schema<'a> {
    /// Whether it says more of a value than alternatives are to be told.
    fn is_told(&self) -> bool {
        let is_null = self.r#type == Some(NULL);
        is_null || self.properties.is_some() || self.items.is_some() || !self.r#enum.is_empty()
    }

    /// Adds what another schema demands of the same value; what is already said stays.
    fn merge(&mut self, other: Self) {
        self.r#type = self.r#type.or(other.r#type);
        self.title = self.title.take().or(other.title);
        self.description = self.description.take().or(other.description);
        self.nullable |= other.nullable;
        self.items = self.items.take().or(other.items);
        self.pattern = self.pattern.take().or(other.pattern);
        self.default = self.default.or(other.default);
        for (mine, theirs) in self.bounds.0.iter_mut().zip(other.bounds.0) {
            *mine = mine.or(theirs);
        }
        if self.r#enum.is_empty() {
            self.r#enum = other.r#enum;
        }
        if self.any_of.is_empty() {
            self.any_of = other.any_of;
        }
        if let Some(theirs) = other.properties {
            let mine = self.properties.get_or_insert_default();
            let new: Vec<_> =
                theirs.into_iter().filter(|(name, _)| !mine.iter().any(|(known, _)| known == name)).collect();
            mine.extend(new);
        }
        self.required.extend(other.required);
        self.property_ordering.extend(other.property_ordering);
    }

    /// One schema for each type that a value may have, with what is said of it.
    fn by_type(mut self, kinds: &[&'static str]) -> Self {
        let alternatives = kinds.iter().map(|kind| {
            let mut schema = Schema { r#type: Some(kind), ..Schema::default() };
            match *kind {
                "object" => {
                    schema.properties = self.properties.take();
                    schema.required = std::mem::take(&mut self.required);
                    schema.property_ordering = std::mem::take(&mut self.property_ordering);
                }
                "array" => schema.items = self.items.take(),
                "string" => {
                    schema.r#enum = std::mem::take(&mut self.r#enum);
                    schema.pattern = self.pattern.take();
                }
                _ => {}
            }
            schema.bounds = self.bounds.clone();
            schema.settled()
        });
        let any_of = alternatives.collect();
        Schema {
            any_of,
            title: self.title,
            description: self.description,
            nullable: self.nullable,
            ..Schema::default()
        }
    }

    /// The same as Gemini demands it: a type where there is one to be told, alternatives by themselves,
    /// items of every array, no names of members that are not there.
    fn settled(mut self) -> Self {
        if !self.any_of.is_empty() {
            self = self.alternatives();
        }
        if !self.any_of.is_empty() {
            return self;
        }
        if self.r#type.is_none() {
            self.r#type = match () {
                () if self.properties.is_some() => Some("object"),
                () if self.items.is_some() => Some("array"),
                () if !self.r#enum.is_empty() => Some("string"),
                () => None,
            };
        }
        let is = |kind: &str| self.r#type == Some(kind);
        if is("array") {
            // A list has to have items; a text can stand for most of what they may be.
            self.items
                .get_or_insert_with(|| Box::new(Schema { r#type: Some("string"), ..Schema::default() }));
        } else {
            self.items = None;
        }
        if !is("string") {
            self.r#enum.clear();
        }
        if !is("object") {
            self.properties = None;
        }
        let properties = self.properties.as_deref().unwrap_or_default();
        let names: HashSet<&str> = properties.iter().map(|(name, _)| &**name).collect();
        for list in [&mut self.required, &mut self.property_ordering] {
            let mut seen = HashSet::new();
            list.retain(|name| names.contains(&**name) && seen.insert(name.clone()));
        }
        let bounds = TYPES.iter().find(|(kind, ..)| is(kind)).and_then(|(_, _, first)| *first);
        for (at, bound) in self.bounds.0.iter_mut().enumerate() {
            if self.r#type.is_some() && !bounds.is_some_and(|first| (first..first + 2).contains(&at)) {
                *bound = None;
            }
        }
        self
    }

    /// `anyOf` has to be a schema's only member, so that all else is said in each alternative. Where there
    /// is one besides `null`, it is no alternative.
    fn alternatives(mut self) -> Self {
        let nested = std::mem::take(&mut self.any_of).into_iter();
        let mut alternatives: Vec<Schema<'a>> =
            nested.flat_map(|it| if it.any_of.is_empty() { vec![it] } else { it.any_of }).collect();
        let before = alternatives.len();
        alternatives.retain(|it| it.r#type != Some(NULL));
        self.nullable |= alternatives.len() < before;
        match alternatives.len() {
            0 => {
                self.r#type = Some(NULL);
                self
            }
            1 => {
                self.merge(alternatives.remove(0));
                self
            }
            _ => {
                for alternative in &mut alternatives {
                    alternative.r#type = alternative.r#type.or(self.r#type);
                    alternative.title = alternative.title.take().or_else(|| self.title.clone());
                    alternative.description =
                        alternative.description.take().or_else(|| self.description.clone());
                    alternative.nullable |= self.nullable;
                }
                let settled = alternatives.into_iter().map(Schema::settled).collect();
                Schema { any_of: settled, ..Schema::default() }
            }
        }
    }
}

impl Serialize for Bounds<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let said = BOUNDS.iter().zip(&self.0).filter_map(|(name, bound)| Some((name, (*bound)?)));
        serializer.collect_map(said)
    }
}

type Properties<'a> = Vec<(Cow<'a, str>, Schema<'a>)>;

fn as_object<S: Serializer>(properties: &Option<Properties<'_>>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(properties.iter().flatten().map(|(name, schema)| (name, schema)))
}

/// The known types of a `type` member, and whether `null` is one among others.
fn types(kind: Option<&str>) -> (Vec<&'static str>, bool) {
    let mut kinds: Vec<&'static str> = Vec::new();
    let mut add = |text: &str| {
        let name = string(text).unwrap_or_default().to_ascii_lowercase();
        let known = TYPES.iter().map(|(kind, ..)| *kind).find(|kind| *kind == name);
        kinds.extend(known.filter(|kind| !kinds.contains(kind)));
    };
    match kind {
        Some(list) if list.starts_with('[') => drop(each_item(list, &mut |item| {
            add(item);
            true
        })),
        Some(kind) => add(kind),
        None => {}
    }
    let takes_null = kinds.len() > 1 && kinds.contains(&NULL);
    if takes_null {
        kinds.retain(|kind| *kind != NULL);
    }
    (kinds, takes_null)
}

fn known_format(kind: Option<&str>, format: &str) -> Option<&'static str> {
    let (_, formats, _) = TYPES.iter().find(|(known, ..)| Some(*known) == kind)?;
    formats.iter().copied().find(|known| *known == format)
}

/// The values that `const` and `enum` allow. Gemini has `enum` for strings only, none of them empty:
/// others are told in the description.
fn values<'a>(schema: &mut Schema<'a>, text: &'a str, is_mixed: bool) {
    let [constant, list] = members(text, ["const", "enum"]).unwrap_or_default();
    let mut values: Vec<&str> = constant.map_or_else(|| items(list), |constant| vec![constant]);
    let before = values.len();
    values.retain(|value| *value != NULL);
    match (values.is_empty(), values.len() < before) {
        (true, true) if schema.r#type.is_none() && !is_mixed => schema.r#type = Some(NULL),
        (_, has_null) => schema.nullable |= has_null && schema.r#type != Some(NULL),
    }
    if values.is_empty() {
        return;
    }
    let are = |test: fn(&str) -> bool| values.iter().all(|value| test(value));
    let is_string: fn(&str) -> bool = |value| value.starts_with('"') && value != "\"\"";
    if are(is_string) && matches!(schema.r#type, None | Some("string")) {
        schema.r#enum = values.into_iter().filter_map(string).collect();
        return;
    }
    if schema.r#type.is_none() && !is_mixed {
        schema.r#type = match () {
            () if are(|value| count(value).is_some() && !value.contains(['.', 'e', 'E'])) => Some("integer"),
            () if are(|value| value.starts_with(|c: char| c == '-' || c.is_ascii_digit())) => Some("number"),
            () if are(|value| matches!(value, "true" | "false")) => Some("boolean"),
            () => None,
        };
    }
    let said = schema.description.take().unwrap_or_default();
    let gap = if said.is_empty() { "" } else { " " };
    schema.description = Some(format!("{said}{gap}One of: {}.", values.join(", ")).into());
}

/// The value of a bound: those of lengths are whole.
fn bound(at: usize, text: &str) -> Option<&RawValue> {
    let is_number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    let is_whole = text.bytes().all(|byte| byte.is_ascii_digit());
    serde_json::from_str(text).ok().filter(|_| if at < 2 { is_number } else { is_whole })
}

fn items(list: Option<&str>) -> Vec<&str> {
    let mut items = Vec::new();
    if let Some(list) = present(list) {
        each_item(list, &mut |item| {
            items.push(item);
            true
        });
    }
    items
}

fn strings(list: &str) -> Vec<Cow<'_, str>> {
    items(Some(list)).into_iter().filter_map(string).collect()
}

#[cfg(test)]
mod tests;
