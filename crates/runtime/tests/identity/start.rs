//! What is known to be wrong before the first request.

use config_core::check::compile;
use config_core::source::SourceFile;
use runtime::Identities;
use runtime::secrets::Secrets;

use crate::{TemporaryFile, Variables, file};

const AZURE: &str = "{route_type: llm/v1/chat, auth: {azure_use_managed_identity: true}, model: {provider: azure, name: m, options: {azure_instance: i, azure_deployment_id: d}}}";
const GCP: &str =
    "{route_type: llm/v1/chat, auth: {gcp_use_service_account: true}, model: {provider: gemini, name: m}}";
const AWS: &str =
    "{route_type: llm/v1/chat, auth: {allow_override: false}, model: {provider: bedrock, name: m}}";

/// What is said of a plugin in an environment.
fn said(plugin: &str, variables: Variables<'_>) -> String {
    let environment =
        |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
    let mut compiled = compile(&SourceFile::new("routes.yaml", file(plugin))).expect("YAML");
    assert_eq!(compiled.errors(), 0, "{plugin}");
    let Ok((secrets, _)) = Secrets::resolve(&compiled.plan, &environment) else {
        panic!("a secret is missing")
    };
    match Identities::resolve(&mut compiled.plan, &secrets, &environment) {
        Ok(_) => "nothing is wrong".to_owned(),
        Err(problems) => {
            let said = problems.iter().map(|it| format!("{:?}: {}\n  {}", it.lines, it.message, it.help));
            said.collect::<Vec<_>>().join("\n")
        }
    }
}

#[test]
fn azure() {
    let token = TemporaryFile::new("eyJ");
    let cases: [Variables<'_>; 9] = [
        &[],
        &[("AZURE_CLIENT_SECRET", "s3cr3t")],
        &[("AZURE_CLIENT_SECRET", "s3cr3t"), ("AZURE_TENANT_ID", "t")],
        &[("AZURE_CLIENT_SECRET", "s3cr3t"), ("AZURE_TENANT_ID", "../t"), ("AZURE_CLIENT_ID", "c")],
        &[("AZURE_FEDERATED_TOKEN_FILE", "/nonexistent/token")],
        &[("AZURE_FEDERATED_TOKEN_FILE", token.path()), ("AZURE_CLIENT_ID", "c")],
        &[("IDENTITY_ENDPOINT", "http://localhost:40342/metadata/identity/oauth2/token")],
        &[("AZURE_AUTHORITY_HOST", "http://login.example.com")],
        &[("AZURE_AUTHORITY_HOST", "login.microsoftonline.us")],
    ];
    insta::assert_snapshot!(cases.map(|variables| said(AZURE, variables)).join("\n"), @r"
    nothing is wrong
    [10]: `AZURE_CLIENT_SECRET` is set, and `AZURE_TENANT_ID` is not
      an app registration has a tenant and a client id: set both, or take `AZURE_CLIENT_SECRET` away
    [10]: `AZURE_CLIENT_SECRET` is set, and `AZURE_CLIENT_ID` is not
      an app registration has a tenant and a client id: set both, or take `AZURE_CLIENT_SECRET` away
    [10]: the Azure tenant is neither an id nor a domain
      a tenant has letters, digits, `.`, `-` and `_` only
    [10]: `AZURE_FEDERATED_TOKEN_FILE` names `/nonexistent/token`, and there is no such file
      set `AZURE_FEDERATED_TOKEN_FILE` to the path of a file, or unset it
    [10]: `AZURE_FEDERATED_TOKEN_FILE` is set, and `AZURE_TENANT_ID` is not
      an app registration has a tenant and a client id: set both, or take `AZURE_FEDERATED_TOKEN_FILE` away
    [10]: `IDENTITY_ENDPOINT` is set, and `IDENTITY_HEADER` is not
      App Service and Container Apps set both; the endpoint of Azure Arc is not supported
    [10]: the environment variable `AZURE_AUTHORITY_HOST` is a URL without TLS, over which no secret is sent
      set `AZURE_AUTHORITY_HOST` to a URL such as `https://example.com`, or unset it
    nothing is wrong
    ");
}

#[test]
fn gcp() {
    let user = TemporaryFile::new(r#"{"type":"authorized_user","client_secret":"s3cr3t"}"#);
    let key = |more: &str| {
        format!(r#"{{"type":"service_account","client_email":"a@b","private_key":"s3cr3t"{more}}}"#)
    };
    let cases: [Variables<'_>; 9] = [
        &[],
        &[("GCP_SERVICE_ACCOUNT", "s3cr3t")],
        &[("GCP_SERVICE_ACCOUNT", "{}")],
        &[("GCP_SERVICE_ACCOUNT", r#"{"type":"service_account","private_key":"s3cr3t"}"#)],
        &[("GCP_SERVICE_ACCOUNT", &key(""))],
        &[("GCP_SERVICE_ACCOUNT", &key(r#","token_uri":"http://oauth2.example.com/token""#))],
        &[("GOOGLE_APPLICATION_CREDENTIALS", "/nonexistent/key.json")],
        &[("GOOGLE_APPLICATION_CREDENTIALS", user.path())],
        &[("GCE_METADATA_HOST", "not a host")],
    ];
    let said = cases.map(|variables| said(GCP, variables)).join("\n");
    assert!(!said.contains("s3cr3t"), "{said}");
    insta::assert_snapshot!(said.replace(user.path(), "USER"), @r"
    nothing is wrong
    [10]: the environment variable `GCP_SERVICE_ACCOUNT` is no service account's key: it is no JSON object
      give the JSON file that Google Cloud makes for a key of the service account
    [10]: the environment variable `GCP_SERVICE_ACCOUNT` is no service account's key: it has no `type`
      give the JSON file that Google Cloud makes for a key of the service account
    [10]: the environment variable `GCP_SERVICE_ACCOUNT` is no service account's key: it needs the texts `client_email` and `private_key`
      give the JSON file that Google Cloud makes for a key of the service account
    [10]: the environment variable `GCP_SERVICE_ACCOUNT` is no service account's key: its `private_key` is no PEM text of a PKCS #8 key
      give the JSON file that Google Cloud makes for a key of the service account
    [10]: the environment variable `GCP_SERVICE_ACCOUNT` is no service account's key: its `token_uri` is a URL without TLS, over which no secret is sent
      give the JSON file that Google Cloud makes for a key of the service account
    [10]: `GOOGLE_APPLICATION_CREDENTIALS` names `/nonexistent/key.json`, and there is no such file
      set `GOOGLE_APPLICATION_CREDENTIALS` to the path of a file, or unset it
    [10]: the file `USER` is no service account's key: its `type` is `authorized_user`, not `service_account`
      give the JSON file that Google Cloud makes for a key of the service account
    [10]: the environment variable `GCE_METADATA_HOST` makes `http://not a host`, which is no URL
      set it to a host, such as `169.254.169.254`, or unset it
    ");
    let plugin = GCP.replace(
        "gcp_use_service_account: true",
        "gcp_use_service_account: true, gcp_service_account_json: '{vault://env/KEY}'",
    );
    insta::assert_snapshot!(crate::start::said(&plugin, &[("KEY", "s3cr3t")]), @r"
    [10]: `gcp_service_account_json` is `{vault://env/KEY}`, and its text is no service account's key: it is no JSON object
      give the JSON file that Google Cloud makes for a key of the service account
    ");
}

#[test]
fn aws() {
    const REGION: (&str, &str) = ("AWS_REGION", "us-east-1");
    let sso = TemporaryFile::new("[profile work]\nsso_session = company\nregion = eu-west-1\n");
    let token = TemporaryFile::new("eyJ");
    let cases: [Variables<'_>; 15] = [
        &[],
        &[REGION],
        &[("AWS_DEFAULT_REGION", "eu-central-1")],
        &[("AWS_REGION", "us-east-1.example.com/")],
        &[REGION, ("AWS_ACCESS_KEY_ID", "AKID")],
        &[REGION, ("AWS_SECRET_ACCESS_KEY", "s3cr3t")],
        &[REGION, ("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "s3cr3t\nmore")],
        &[REGION, ("AWS_BEARER_TOKEN_BEDROCK", "Bearer s3cr3t")],
        &[REGION, ("AWS_WEB_IDENTITY_TOKEN_FILE", token.path())],
        &[REGION, ("AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent/token")],
        &[REGION, ("AWS_PROFILE", "none")],
        &[("AWS_PROFILE", "work"), ("AWS_CONFIG_FILE", sso.path())],
        &[REGION, ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://192.0.2.1/")],
        &[REGION, ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials")],
        &[REGION, ("AWS_EC2_METADATA_DISABLED", "true")],
    ];
    let said = cases.map(|variables| said(AWS, variables)).join("\n");
    assert!(!said.contains("s3cr3t"), "{said}");
    insta::assert_snapshot!(said.replace(sso.path(), "CONFIG"), @r"
    [10]: no AWS region is given: neither by the file nor by `AWS_REGION`, `AWS_DEFAULT_REGION` or a profile
      set `AWS_REGION`, or `model.options.bedrock.aws_region`, to a region such as `us-east-1`
    nothing is wrong
    nothing is wrong
    [10]: the environment variable `AWS_REGION` is not a region's name
      set `AWS_REGION`, or `model.options.bedrock.aws_region`, to a region such as `us-east-1`
    [10]: `AWS_ACCESS_KEY_ID` is set, and `AWS_SECRET_ACCESS_KEY` is not
      set both, or neither
    [10]: `AWS_SECRET_ACCESS_KEY` is set, and `AWS_ACCESS_KEY_ID` is not
      set both, or neither
    [10]: the environment variable `AWS_SECRET_ACCESS_KEY` has line breaks or other control characters
      set `AWS_SECRET_ACCESS_KEY` to one line of text
    [10]: the environment variable `AWS_BEARER_TOKEN_BEDROCK` is no token
      set it to the API key alone, without `Bearer`
    [10]: `AWS_WEB_IDENTITY_TOKEN_FILE` is set, and `AWS_ROLE_ARN` is not
      both name a role and the token to take it on with: set both, or neither
    [10]: `AWS_WEB_IDENTITY_TOKEN_FILE` names `/nonexistent/token`, and there is no such file
      set `AWS_WEB_IDENTITY_TOKEN_FILE` to the path of a file, or unset it
    [10]: `AWS_PROFILE` is `none`, and neither file of profiles has it
      name a profile of `~/.aws/credentials` or `~/.aws/config`, or unset `AWS_PROFILE`
    [10]: the profile `work` in `CONFIG` gets its keys from single sign-on (`sso_session`), which is not supported
      give keys with `aws configure export-credentials`, or set another `AWS_PROFILE`
    [10]: the environment variable `AWS_CONTAINER_CREDENTIALS_FULL_URI` is a URL without TLS, over which no secret is sent
      without TLS only the machine itself and the agents of ECS and EKS are asked
    nothing is wrong
    [10]: there are no AWS credentials: none are configured, the environment has none, and `AWS_EC2_METADATA_DISABLED` forbids to ask the instance
      set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`
    ");
}

#[test]
fn a_region_is_needed_where_nothing_is_signed_too() {
    let bearer = AWS.replace("allow_override: false", "header_name: Authorization, header_value: Bearer k");
    let own = bearer.replace("name: m", "name: m, options: {upstream_url: 'https://bedrock.test/'}");
    insta::assert_snapshot!([bearer, own].map(|plugin| said(&plugin, &[])).join("\n"), @r"
    [10]: no AWS region is given: neither by the file nor by `AWS_REGION`, `AWS_DEFAULT_REGION` or a profile
      set `AWS_REGION`, or `model.options.bedrock.aws_region`, to a region such as `us-east-1`
    nothing is wrong
    ");
}
