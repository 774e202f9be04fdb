// Whatever an importer writes is read and built by the loader that a run uses; what it read is in it; and
// what it cannot read is an error with a place, never a crash.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "scenarios/import/deployed.hpp"
#include "scenarios/import/fit.hpp"
#include "scenarios/import/import.hpp"
#include "scenarios/import/visits.hpp"
#include "scenarios/import/yaml_input.hpp"
#include "scenarios/run/load.hpp"

namespace tailrace::scenarios {
namespace {

Imported import_as(const std::string& format, const std::string& text, std::optional<double> rate = {}) {
  for (const ImportFormat& f : import_formats()) {
    if (format == f.name) return f.import(text, {"dir/file.x", rate});
  }
  ADD_FAILURE() << "no format " << format;
  return {};
}

// The scenario, which must build.
std::string built(const std::string& format, const std::string& text,
                  std::vector<std::string>* notes = nullptr) {
  const Imported imported = import_as(format, text);
  EXPECT_EQ(imported.error, "");
  if (notes != nullptr) *notes = imported.notes;
  try {
    EXPECT_NE(load_text(imported.scenario), nullptr);
  } catch (const ScenarioError& e) {
    ADD_FAILURE() << e.what() << "\nin\n" << imported.scenario;
  }
  return imported.scenario;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
bool noted(const std::vector<std::string>& notes, const std::string& part) {
  for (const std::string& n : notes) {
    if (has(n, part)) return true;
  }
  return false;
}

struct S {  // a span, times in us
  const char *id, *parent, *service, *name;
  int kind;
  int start, end;
  const char* more = "";  // attributes, comma first
  bool error = false;
};

std::string otlp(const std::vector<S>& spans, const std::string& trace = "t1") {
  std::string out = "{\"resourceSpans\":[";
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const S& s = spans[i];
    out += fmt::format(
        "{}{{\"resource\":{{\"attributes\":[{{\"key\":\"service.name\",\"value\":{{\"stringValue\":\"{}\"}}}}"
        "]}},"
        "\"scopeSpans\":[{{\"spans\":[{{\"traceId\":\"{}\",\"spanId\":\"{}\",\"parentSpanId\":\"{}\","
        "\"name\":\"{}\","
        "\"kind\":{},\"startTimeUnixNano\":\"{}\",\"endTimeUnixNano\":\"{}\",\"status\":{{\"code\":{}}},"
        "\"attributes\":[{{\"key\":\"x\",\"value\":{{\"intValue\":\"1\"}}}}{}]}}]}}]}}",
        i > 0 ? "," : "", s.service, trace, s.id, s.parent, s.name, s.kind, s.start * 1000LL, s.end * 1000LL,
        s.error ? 2 : 0, s.more);
  }
  return out + "]}";
}
constexpr int kInternal = 1, kServer = 2, kClient = 3, kProducer = 4, kConsumer = 5;
constexpr const char* kPostgres = ",{\"key\":\"db.system\",\"value\":{\"stringValue\":\"postgresql\"}}";

TEST(ImportTraces, client_and_server_spans_are_one_call_and_what_is_between_them_is_the_network) {
  // The client waits 4 ms for 3 ms of the server: 0.5 ms each way. Of its 10 ms, 4 are the call: 6 are its
  // own.
  const std::string s = built("otlp", otlp({{"a", "", "shop", "GET /buy", kServer, 0, 10000},
                                            {"b", "a", "shop", "call cart", kClient, 2000, 6000},
                                            {"c", "b", "cart", "read", kServer, 2500, 5500}}));
  EXPECT_TRUE(has(s, "GET_buy: [compute: exp(6ms), call: cart.read]")) << s;
  EXPECT_TRUE(has(s, "read: [compute: exp(3ms)]")) << s;
  EXPECT_TRUE(has(s, "default: {latency: 500us}")) << s;
}

TEST(ImportTraces, calls_that_overlap_are_parallel_and_equal_neighbours_a_loop) {
  const std::string s = built("otlp", otlp({{"a", "", "shop", "buy", kServer, 0, 20000},
                                            {"b", "a", "x", "one", kServer, 1000, 5000},
                                            {"c", "a", "y", "two", kServer, 2000, 4000},
                                            {"d", "a", "z", "item", kServer, 6000, 7000},
                                            {"e", "a", "z", "item", kServer, 8000, 9000},
                                            {"f", "a", "z", "item", kServer, 9000, 10000}}));
  EXPECT_TRUE(
      has(s, "- parallel: [{call: x.one}, {call: y.two}]\n        - {loop: 3, steps: [call: z.item]}"))
      << s;
  EXPECT_TRUE(has(s, "compute: exp(13ms)")) << s;  // 20 - 4 - 3 ms
}

TEST(ImportTraces, internal_spans_are_work_and_database_spans_a_database) {
  const std::string s =
      built("otlp", otlp({{"a", "", "shop", "buy", kServer, 0, 10000},
                          {"b", "a", "shop", "render", kInternal, 0, 9000},
                          {"c", "b", "shop", "SELECT carts", kClient, 1000, 3000, kPostgres}}));
  EXPECT_TRUE(has(s, "buy: [compute: exp(8ms), call: postgresql.SELECT_carts]")) << s;
  EXPECT_TRUE(has(s, "databases:\n  postgresql:")) << s;
}

TEST(ImportTraces, what_a_producer_sends_is_not_waited_for) {
  const std::string s = built("otlp", otlp({{"a", "", "shop", "buy", kServer, 0, 10000},
                                            {"b", "a", "shop", "send", kProducer, 1000, 2000},
                                            {"c", "b", "mail", "handle", kConsumer, 50000, 90000}}));
  EXPECT_TRUE(has(s, "background: [call: mail.handle]")) << s;
}

TEST(ImportTraces, requests_that_call_differently_are_a_branch_by_their_number) {
  std::string lines;
  for (int i = 0; i < 10; ++i) {
    std::vector<S> spans = {{"a", "", "shop", "buy", kServer, i * 100000, i * 100000 + 10000}};
    if (i < 3) spans.push_back({"b", "a", "cart", "read", kServer, i * 100000 + 1000, i * 100000 + 2000});
    lines += otlp(spans, fmt::format("t{}", i)) + "\n";
  }
  const std::string s = built("otlp", lines);
  EXPECT_TRUE(has(s, "branch: [{weight: 7, steps: []}, {weight: 3, steps: [call: cart.read]}]")) << s;
  EXPECT_TRUE(has(s, "constant_arrival_rate: 10/s")) << s;  // 9 gaps of 100 ms
}

TEST(ImportTraces, many_ways_to_call_keep_the_mean_number_of_calls) {
  std::string lines;
  for (int i = 1; i <= 20;
       ++i) {  // i calls: 10.5 on average; the five most frequent are kept, the rest has mean 13
    std::vector<S> spans = {{"a", "", "shop", "buy", kServer, 0, 100000}};
    std::vector<std::string> ids;
    for (int k = 0; k < i; ++k) ids.push_back(fmt::format("c{}", k));
    for (int k = 0; k < i; ++k)
      spans.push_back(
          {ids[static_cast<std::size_t>(k)].c_str(), "a", "item", "get", kServer, 1000 * k, 1000 * k + 500});
    lines += otlp(spans, fmt::format("t{}", i)) + "\n";
  }
  const std::string s = built("otlp", lines);
  EXPECT_TRUE(has(s, "15 of 20 called in other ways")) << s;
  EXPECT_TRUE(has(s, "{weight: 15, steps: [{loop: 13, steps: [call: item.get]}]}")) << s;
}

TEST(ImportTraces, errors_belong_to_whom_they_begin_at) {
  // Of four: one fails in the cart and spoils the request, one fails in the cart and does not.
  std::string lines;
  for (int i = 0; i < 4; ++i) {
    lines += otlp({{"a", "", "shop", "buy", kServer, 0, 9000, "", i == 0},
                   {"b", "a", "cart", "read", kServer, 1000, 2000, "", i == 0}},
                  fmt::format("t{}", i)) +
             "\n";
  }
  const std::string s = built("otlp", lines);
  EXPECT_TRUE(has(s, "error_rate: 25%")) << s;
  EXPECT_EQ(s.find("error_rate"), s.rfind("error_rate")) << s;
}

TEST(ImportTraces, broken_traces_are_counted_and_still_build) {
  std::vector<std::string> notes;
  const std::string s = built("otlp",
                              otlp({{"a", "", "shop \\u001b[31m", "", kServer, 0, 10000},
                                    {"b", "a", "car.t", "read: {x}", kServer, 9000, 30000},  // another clock
                                    {"b", "a", "cart", "again", kServer, 0, 1},              // the same id
                                    {"c", "gone", "true", "no parent", kServer, 10, 20},     // no parent
                                    {"d", "e", "x", "cycle", kServer, 0, 1000},  // its own ancestor
                                    {"e", "d", "x", "cycle", kServer, 0, 1000},
                                    {"f", "a", "cart", "back", kServer, 5000, 4000}}),  // ends before
                              &notes);
  EXPECT_TRUE(noted(notes, "have an id that was there before"));
  EXPECT_TRUE(noted(notes, "have a parent that is not in the file"));
  EXPECT_TRUE(noted(notes, "are their own ancestors"));
  EXPECT_TRUE(noted(notes, "end before they start"));
  EXPECT_TRUE(noted(notes, "outside their callers'"));
  EXPECT_TRUE(noted(notes, "is called car_t in the scenario"));
  EXPECT_EQ(s.find('\x1b'), std::string::npos);
}

TEST(ImportTraces, an_operation_that_calls_itself_is_bounded_in_depth) {
  const std::string s = built("otlp", otlp({{"a", "", "tree", "walk", kServer, 0, 9000},
                                            {"b", "a", "tree2", "walk", kServer, 1000, 8000},
                                            {"c", "b", "tree", "walk", kServer, 2000, 7000}}));
  EXPECT_TRUE(has(s, "max_call_depth: 4")) << s;
}

TEST(ImportTraces, jaeger_spans_find_their_service_behind_them) {
  const std::string s = built("jaeger", R"({"data": [{"traceID": "1", "spans": [
    {"traceID": "1", "spanID": "a", "operationName": "buy", "references": [], "startTime": 1000, "duration": 9000,
     "processID": "p1", "tags": [{"key": "span.kind", "type": "string", "value": "server"}]},
    {"traceID": "1", "spanID": "b", "operationName": "read", "startTime": 2000, "duration": 3000, "processID": "p2",
     "references": [{"refType": "CHILD_OF", "traceID": "1", "spanID": "a"}],
     "tags": [{"key": "error", "type": "bool", "value": true}]}],
    "processes": {"p1": {"serviceName": "shop", "tags": []}, "p2": {"serviceName": "cart"}}}]})");
  EXPECT_TRUE(has(s, "buy: [compute: exp(6ms), {call: cart.read, ignore_failure: true}]")) << s;
  EXPECT_TRUE(has(s, "error_rate: 100%")) << s;
}

TEST(ImportTraces, a_file_without_spans_or_with_broken_json_is_an_error_with_a_place) {
  EXPECT_TRUE(has(import_as("otlp", "").error, "dir/file.x:1:1: not valid JSON"));
  EXPECT_TRUE(has(import_as("otlp", "{\n \"a\": [1,,2]}").error, "dir/file.x:2:"));
  EXPECT_TRUE(has(import_as("otlp", "{}\n{}\n{]\n").error, "dir/file.x:3:"));
  EXPECT_TRUE(has(import_as("otlp", "{}").error, "no spans"));
  EXPECT_TRUE(has(import_as("jaeger", "[1, \"x\", {\"spans\": 3, \"processes\": [4]}]").error, "no spans"));
  EXPECT_TRUE(has(import_as("otlp", "\"\xff\"").error, "not valid JSON"));
  EXPECT_FALSE(import_as("otlp", std::string(100'000, '[')).error.empty());
  EXPECT_TRUE(has(import_as("otlp", R"({"traceId": "1", "spanId": "2", "startTimeUnixNano": "-5"})").error,
                  "no span can be used"));
}

TEST(ImportTraces, a_file_that_ends_too_soon_is_an_error) {
  const std::string whole = otlp({{"a", "", "shop", "buy", kServer, 0, 10000},
                                  {"b", "a", "shop", "get", kClient, 1000, 2000, kPostgres}});
  for (std::size_t n = 0; n < whole.size(); n += 7)
    EXPECT_FALSE(import_as("otlp", whole.substr(0, n)).error.empty()) << n;
}

TEST(ImportTraces, the_same_text_gives_the_same_scenario_and_a_given_rate_is_taken) {
  const std::string text = otlp({{"a", "", "shop", "buy", kServer, 0, 10000}});
  EXPECT_EQ(import_as("otlp", text).scenario, import_as("otlp", text).scenario);
  EXPECT_TRUE(has(import_as("otlp", text, 250).scenario, "constant_arrival_rate: 250/s"));
}

TEST(ImportTraces, ids_in_names_are_one_operation) {
  EXPECT_EQ(operation_pattern("GET /user/4711/cart?x=1"), "GET /user/id/cart");
  EXPECT_EQ(operation_pattern("/o/3f2504e0-4f89-11d3-9a0c-0305e82c3301"), "/o/id");
  EXPECT_EQ(operation_pattern("/v2/feed/cafe"), "/v2/feed/cafe");
}

TEST(ImportFit, keeps_the_mean_and_takes_the_form_that_fits) {
  EXPECT_EQ(fit_times({3e6, 3e6, 3e6}).distribution, "3ms");
  EXPECT_EQ(fit_times({1e6, 3e6}).distribution, "exp(2ms)");
  std::vector<double> exponential;  // its quantiles: mean 1 ms
  for (int i = 0; i < 1000; ++i) exponential.push_back(-1e6 * std::log(1 - (i + 0.5) / 1000));
  EXPECT_TRUE(has(fit_times(exponential).distribution, "exp("));
  std::vector<double> skewed(98, 1e6);
  skewed.insert(skewed.end(), 2, 8e6);  // mean 1.14 ms, p99 8 ms
  EXPECT_EQ(fit_times(skewed).distribution, "lognormal(mean=1.14ms, p99=8ms)");
}

TEST(ImportIsotope, scripts_become_steps) {
  std::vector<std::string> notes;
  const std::string s = built("isotope", R"(kind: MockServiceGraph
defaults: {requestSize: 1 KB, numReplicas: 2}
services:
- name: a
  isEntrypoint: true
  script: [[{call: b}, {call: {service: c, probability: 30}}], {sleep: 5ms}]
- {name: b, errorRate: 1%, script: [call: c]}
- {name: c, script: [call: b]}
)",
                              &notes);
  EXPECT_TRUE(has(s, "- parallel:")) << s;
  EXPECT_TRUE(has(s, "{call: c.handle, probability: 0.3, request_size: 1024B}")) << s;
  EXPECT_TRUE(has(s, "- sleep: 5ms")) << s;
  EXPECT_TRUE(has(s, "error_rate: 1%")) << s;
  EXPECT_TRUE(noted(notes, "c.handle -> b.handle closes a cycle"));
}

TEST(ImportIsotope, what_is_wrong_is_said_with_its_line) {
  EXPECT_TRUE(has(import_as("isotope", "services:\n- name: a\n  script: [call: x]\n").error,
                  "line 3: there is no service x"));
  EXPECT_TRUE(has(import_as("isotope", "services:\n- name: a\n- name: a\n").error,
                  "line 3: the service a is there twice"));
  EXPECT_TRUE(
      has(import_as("isotope", "services: [{name: a, script: [sleep: long]}]").error, "sleep takes a time"));
  EXPECT_TRUE(has(import_as("isotope", "services: [{name: a, numReplicas: some}]").error,
                  "numReplicas takes a number, found some"));
  EXPECT_TRUE(has(import_as("isotope", "services: [{name: a, errorRate: 150%}]").error,
                  "errorRate takes a share up to 1 or 100%, found 150%"));
  EXPECT_TRUE(has(
      import_as("isotope", "services:\n- {name: a, responseSize: large}\n- {name: b, script: [call: a]}\n")
          .error,
      "line 3: expected a size such as 128 or 1 KB, found large"));
  EXPECT_TRUE(has(import_as("isotope", "kind: Other\nservices: [{name: a}]").error,
                  "expected kind MockServiceGraph"));
  EXPECT_TRUE(has(import_as("isotope", "a: [").error, "dir/file.x:1:"));
  EXPECT_FALSE(import_as("isotope", "").error.empty());
}

TEST(ImportCompose, dependencies_environment_and_images_make_the_graph) {
  const std::string s = built("compose", R"(
x-base: &base {image: shop/api, environment: [DB_URL=postgres://u:p@db:5432/shop, "CACHE=redis:6379", ENV=web2]}
services:
  web:
    {image: shop/web, ports: ["8080:80"], depends_on: [api], deploy: {replicas: 3, resources: {limits: {cpus: "0.5"}}}}
  web2: {image: shop/web}
  api: {<<: *base, cpus: 2}
  db: {image: "postgres:15", ports: ["5432:5432"]}
  redis: {image: "redis:7"}
)");
  EXPECT_TRUE(has(
      s, "replicas: 3\n    cpus: 0.5\n    endpoints:\n      handle: [compute: exp(5ms), call: api.handle]"))
      << s;
  EXPECT_TRUE(has(s, "call: db.query, call: redis.get, call: web2.handle]")) << s;
  EXPECT_TRUE(has(s, "query: {time: \"exp(2ms)\"}")) << s;
  EXPECT_FALSE(has(s, "steps: [call: db.query]")) << s;  // a published database gets no load
}

TEST(ImportCompose, cores_that_cannot_be_read_are_noted) {
  std::vector<std::string> notes;
  const std::string s = built(
      "compose", "services:\n  web: {image: w, cpus: '${WEB_CPUS}'}\n  api: {image: a, cpus: 2}\n", &notes);
  EXPECT_TRUE(noted(notes, "web: \"${WEB_CPUS}\" is no number of cores; it is left out"));
  EXPECT_FALSE(noted(notes, "api")) << s;
}

TEST(ImportCompose, hosts_are_told_from_words) {
  for (const char* value :
       {"db", "postgres://u@db/x", "http://db", "db:5432", "a:1,db:2", "http://db.ns.svc.local"})
    EXPECT_TRUE(names_host(value, "db")) << value;
  for (const char* value : {"mydb", "db2", "use db here", "db:name", "x.db", ""})
    EXPECT_FALSE(names_host(value, "db")) << value;
}

TEST(ImportKubernetes, documents_are_put_together) {
  std::vector<std::string> notes;
  const std::string s = built("kubernetes", R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: front}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: front, tier: web}}
    spec:
      containers:
      - name: server
        env:
        - {name: CART, value: "cartservice:7070"}
        - {name: CUR, valueFrom: {configMapKeyRef: {name: cfg, key: cur}}}
        resources: {requests: {cpu: 100m}, limits: {cpu: 200m}}
---
{kind: ConfigMap, metadata: {name: cfg}, data: {cur: "http://cur.default.svc.cluster.local"}}
---
{kind: Service, metadata: {name: outside}, spec: {type: LoadBalancer, selector: {app: front}}}
---
kind: List
items:
- kind: Deployment
  metadata: {name: cart}
  spec: {template: {metadata: {labels: {app: cart}}, spec: {containers: [{image: cart}]}}}
- {kind: Service, metadata: {name: cartservice}, spec: {selector: {app: cart}}}
- {kind: Deployment, metadata: {name: cur}, spec: {replicas: "{x}", template: {spec: {containers: [{image: cur}]}}}}
---
kind: HorizontalPodAutoscaler
spec:
  scaleTargetRef: {name: front}
  minReplicas: 2
  maxReplicas: 10
  metrics: [{resource: {name: cpu, target: {averageUtilization: 70}}}]
---
{kind: CronJob}
)",
                              &notes);
  EXPECT_TRUE(has(s, "handle: [compute: exp(5ms), call: cart.handle, call: cur.handle]")) << s;
  // 70 % of the 100m that it requests is 35 % of its limit of 200m.
  EXPECT_TRUE(has(s, "min_replicas: 2, max_replicas: 10, hpa: {metric: cpu, target: 35%}")) << s;
  EXPECT_TRUE(has(s, "steps: [call: front.handle]")) << s;
  EXPECT_TRUE(noted(notes, "left out: CronJob"));
  EXPECT_TRUE(noted(notes, "1 is taken"));
}

TEST(ImportKubernetes, cores_that_cannot_be_read_are_noted) {
  std::vector<std::string> notes;
  const std::string s =
      built("kubernetes",
            "kind: Deployment\nmetadata: {name: front}\nspec: {template: {spec: {containers: [\n"
            "  {image: a, resources: {requests: {cpu: few}, limits: {cpu: 2 cores}}},\n"
            "  {image: b, resources: {limits: {cpu: 200m}}}]}}}\n",
            &notes);
  EXPECT_TRUE(noted(notes, "front: few is no number of cores; it is left out"));
  EXPECT_TRUE(noted(notes, "front: \"2 cores\" is no number of cores; it is left out"));
  EXPECT_TRUE(has(s, "cpus: 0.2\n")) << s;
}

TEST(ImportKubernetes, errors_name_the_line_of_the_whole_file) {
  EXPECT_TRUE(has(import_as("kubernetes", "kind: A\n---\nkind: B\nkind: C\n").error, "dir/file.x:4:1"));
  EXPECT_TRUE(has(import_as("kubernetes", "kind: {{ .Values.kind }}\n").error, "render it first"));
  EXPECT_TRUE(has(import_as("kubernetes", "kind: CronJob\n").error, "no Deployment"));
}

TEST(ImportYaml, entries_of_merge_keys_give_way_to_the_maps_own) {
  const YamlInput input = read_yaml("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\n", "f");
  ASSERT_EQ(input.error, "");
  const models::Node* b = input.documents[0].find("b");
  EXPECT_EQ(text_at(b, "x"), "1");
  EXPECT_EQ(text_at(b, "y"), "3");
  EXPECT_EQ(b->entries.size(), 2U);
}

TEST(ImportYaml, values_are_read_as_these_files_write_them) {
  EXPECT_EQ(cores_of("500m"), 0.5);
  EXPECT_EQ(cores_of("1.5"), 1.5);
  EXPECT_EQ(share_of("10%"), 0.1);
  EXPECT_EQ(share_of("1"), 1.0);
  EXPECT_EQ(bytes_text("128"), "128B");
  EXPECT_EQ(bytes_text("1.5 KB"), "1536B");
  EXPECT_EQ(bytes_text("2m"), "2097152B");
  EXPECT_EQ(bytes_text("3KiB"), "3072B");
  for (const char* text : {"", "m", "-1", "many"}) EXPECT_EQ(cores_of(text), std::nullopt) << text;
  for (const char* text : {"", "%", "150%", "1.1", "-0.1"}) EXPECT_EQ(share_of(text), std::nullopt) << text;
  for (const char* text : {"", "KB", "5 parsecs", "-1", "2 PB", "2000 GB"})
    EXPECT_EQ(bytes_text(text), "") << text;
}

// A part is cut out, doubled or overwritten by what the formats are made of: an error or a scenario that
// builds.
TEST(Import, files_that_were_damaged_are_errors_or_scenarios) {
  const std::vector<std::pair<std::string, std::string>> files = {
      {"otlp", otlp({{"a", "", "shop", "buy", kServer, 0, 10000},
                     {"b", "a", "shop", "ask", kClient, 1000, 3000},
                     {"c", "b", "cart", "read", kServer, 1500, 2500},
                     {"d", "a", "shop", "q", kClient, 2000, 4000, kPostgres}})},
      {"jaeger", R"({"data": [{"spans": [
        {"traceID": "1", "spanID": "a", "operationName": "buy", "startTime": 1000, "duration": 9000, "processID": "p"},
        {"traceID": "1", "spanID": "b", "operationName": "x", "startTime": 2000, "duration": 3000, "processID": "q",
         "references": [{"refType": "CHILD_OF", "spanID": "a"}], "tags": [{"key": "db.type", "value": "sql"}]}],
        "processes": {"p": {"serviceName": "shop"}, "q": {"serviceName": "cart"}}}]})"},
      {"isotope",
       "defaults: {numReplicas: 2, errorRate: 1%}\nservices:\n- name: a\n  isEntrypoint: true\n"
       "  script: [[{call: b}, {call: {service: c, probability: 30}}], {sleep: 5ms}]\n- {name: b, script: "
       "[call: c]}\n"
       "- name: c\n"},
      {"compose",
       "services:\n  web: {image: w, ports: ['80:80'], depends_on: [db, api], cpus: 0.5}\n"
       "  api: {image: a, environment: {D: 'db:33'}, deploy: {replicas: 3}}\n  db: {image: mysql}\n"},
      {"kubernetes",
       "kind: Deployment\nmetadata: {name: f}\nspec: {replicas: 2, template: {metadata: {labels: {a: f}}, "
       "spec: "
       "{containers: [{image: i, resources: {limits: {cpu: 200m}}, env: [{name: C, value: "
       "'g:80'}]}]}}}\n---\n"
       "{kind: Service, metadata: {name: g}, spec: {type: NodePort, selector: {a: f}}}\n---\n"
       "kind: HorizontalPodAutoscaler\nspec: {scaleTargetRef: {name: f}, maxReplicas: 10}\n"}};
  const std::vector<std::string> scraps = {
      "{",       "}",    "[",     "]",     ":",    ",",     "\n",
      "\n---\n", "- ",   "null",  "-1",    "0",    "1e300", "18446744073709551615",
      "\"",      "'",    "a",     "~",     "\xff", "&x ",   "*x",
      "<<: ",    "true", "99999", "0.001", " "};
  std::uint64_t state = 7;
  const auto below = [&](std::size_t n) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::size_t>(state >> 33U) % n;
  };
  int scenarios = 0, errors = 0;
  for (const auto& [format, whole] : files) {
    for (int i = 0; i < 400; ++i) {
      std::string text = whole;
      for (std::size_t change = 1 + below(3); change > 0; --change) {
        const std::size_t at = below(text.size()), length = std::min(text.size() - at, below(12));
        if (const std::size_t what = below(4); what == 0) {
          text.erase(at, length);
        } else if (what == 1) {
          text.insert(at, text.substr(at, length));
        } else {
          text.replace(at, what == 2 ? length : 0, scraps[below(scraps.size())]);
        }
        if (text.empty()) text.push_back('x');
      }
      const Imported imported = import_as(format, text);
      EXPECT_NE(imported.error.empty(), imported.scenario.empty()) << format << "\n" << text;
      if (!imported.error.empty()) {
        ++errors;
        continue;
      }
      ++scenarios;
      try {
        load_text(imported.scenario);
      } catch (const ScenarioError& e) {
        ADD_FAILURE() << e.what() << "\nin\n" << imported.scenario << "\nof\n" << text;
      }
    }
  }
  EXPECT_GT(scenarios, 300);
  EXPECT_GT(errors, 300);
}

}  // namespace
}  // namespace tailrace::scenarios
