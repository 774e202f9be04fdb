#include "scenarios/import/deployed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "models/field/diagnostics.hpp"
#include "models/field/number_text.hpp"
#include "scenarios/import/yaml_input.hpp"

namespace tailrace::scenarios {

namespace {

constexpr const char* kServiceTime = "exp(5ms)";
constexpr const char* kDatabaseTime = "exp(2ms)";
constexpr const char* kCacheTime = "exp(200us)";
constexpr double kAssumedRate = 10;
constexpr const char* kLatency = "250us";

bool word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}
bool digit(char c) {
  return c >= '0' && c <= '9';
}

DraftOperation operation(const char* name, const char* time) {
  DraftOperation out;
  out.name = name;
  DraftStep work;
  work.time = time;
  out.steps.push_back(work);
  return out;
}

}  // namespace

double cores_said(const std::string& text, const std::string& part, std::vector<std::string>& notes) {
  const std::optional<double> cores = cores_of(text);
  if (!cores && !text.empty())
    notes.push_back(fmt::format("{}: {} is no number of cores; it is left out", models::escaped(part),
                                models::shown(text)));
  return cores.value_or(0);
}

Role role_of(const std::string& image, const std::string& name) {
  std::string base = image.empty() ? name : image;
  base = base.substr(0, base.find('@'));
  if (const auto slash = base.rfind('/'); slash != std::string::npos) base = base.substr(slash + 1);
  base = base.substr(0, base.find(':'));
  for (char& c : base) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  // "postgres-exporter" and the like only look at a database.
  for (const char* other : {"exporter", "admin", "express", "commander", "insight", "operator", "backup"}) {
    if (base.find(other) != std::string::npos) return Role::service;
  }
  for (const char* word : {"redis", "memcached", "valkey", "keydb"}) {
    if (base.rfind(word, 0) == 0) return Role::cache;
  }
  for (const char* word : {"postgres", "postgis", "mysql", "mariadb", "mongo", "cassandra", "cockroach",
                           "mssql", "timescale", "elasticsearch", "clickhouse", "percona"}) {
    if (base.rfind(word, 0) == 0) return Role::database;
  }
  return Role::service;
}

bool names_host(const std::string& value, const std::string& host) {
  if (host.empty()) return false;
  for (std::size_t i = value.find(host); i != std::string::npos; i = value.find(host, i + 1)) {
    const std::size_t end = i + host.size();
    if (i > 0 && (word_char(value[i - 1]) || value[i - 1] == '.')) continue;
    const char next = end < value.size() ? value[end] : '\0';
    if (word_char(next)) continue;
    const bool whole = i == 0 && end == value.size();
    const bool behind =
        i > 0 && (value[i - 1] == '@' || (i > 1 && value[i - 1] == '/' && value[i - 2] == '/'));
    const bool port = next == ':' && end + 1 < value.size() && digit(value[end + 1]);
    const bool label = next == '.' && value.find(".svc", end) != std::string::npos;
    if (whole || behind || port || label) return true;
  }
  return false;
}

Draft draft_of(const std::vector<Deployed>& parts, std::optional<double> rate) {
  Draft draft;
  draft.rate = rate.value_or(kAssumedRate);
  draft.workload_comment = rate ? "the rate was given" : "assumed: the source says nothing of a load";
  draft.latency = kLatency;
  draft.latency_comment = "assumed, one way";
  bool times_of[3] = {};
  for (const Deployed& part : parts) {
    const Role role = role_of(part.image, part.name);
    times_of[static_cast<int>(role)] = true;
    DraftComponent& c = draft.components.emplace_back();
    c.name = part.name;
    c.comment = part.image.empty() ? "" : "image " + part.image;
    c.database = role != Role::service;
    c.cpus = part.cpus;
    if (role == Role::service) {
      c.replicas = part.replicas;
      c.min_replicas = part.min_replicas;
      c.max_replicas = part.max_replicas;
      c.cpu_target = part.cpu_target;
      if (c.max_replicas > 0 && c.cpus <= 0) {
        c.cpus = 1;
        draft.notes.push_back(
            fmt::format("{} scales by its cores and says none: 1 is assumed", models::escaped(c.name)));
      }
      c.operations.push_back(operation("handle", kServiceTime));
    } else {
      if (part.replicas > 1)
        draft.notes.push_back(
            fmt::format("{} is a database with {} replicas; it is one here (read_replicas adds more)",
                        models::escaped(c.name), part.replicas));
      c.operations.push_back(role == Role::cache ? operation("get", kCacheTime)
                                                 : operation("query", kDatabaseTime));
    }
  }
  std::set<std::size_t> called;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    if (draft.components[p].database) continue;
    std::vector<std::size_t> whom;
    const auto add = [&](std::size_t other) {
      if (other != p && std::find(whom.begin(), whom.end(), other) == whom.end()) whom.push_back(other);
    };
    const auto known_as = [&](const std::function<bool(const std::string&)>& matches) {
      for (std::size_t other = 0; other < parts.size(); ++other) {
        if (std::any_of(parts[other].aliases.begin(), parts[other].aliases.end(), matches)) add(other);
      }
    };
    for (const std::string& name : parts[p].depends)
      known_as([&](const std::string& a) { return a == name; });
    for (const std::string& value : parts[p].environment)
      known_as([&](const std::string& a) { return names_host(value, a); });
    for (const std::size_t other : whom) {
      DraftStep call;
      call.kind = DraftStep::Kind::call;
      call.target = {other, 0};
      draft.components[p].operations[0].steps.push_back(call);
      called.insert(other);
    }
  }
  const auto request = [&](std::size_t p) {
    DraftRequest r;
    r.name = parts[p].name;
    DraftStep call;
    call.kind = DraftStep::Kind::call;
    call.target = {p, 0};
    r.steps.push_back(call);
    draft.requests.push_back(std::move(r));
  };
  for (std::size_t p = 0; p < parts.size(); ++p) {
    if (!parts[p].entry) continue;
    if (!draft.components[p].database) {
      request(p);
    } else {
      draft.notes.push_back(fmt::format("{} is a database with a port to the outside; no load is sent there",
                                        models::escaped(parts[p].name)));
    }
  }
  if (draft.requests.empty()) {
    for (std::size_t p = 0; p < parts.size(); ++p) {
      if (called.count(p) == 0 && !draft.components[p].database) request(p);
    }
    if (!draft.requests.empty())
      draft.notes.push_back("nothing is published: load goes to whatever nobody calls");
  }
  if (draft.requests.empty() && !parts.empty()) {
    request(0);
    draft.notes.push_back(
        fmt::format("no entry point is found: load goes to {}", models::escaped(parts[0].name)));
  }
  std::string times;
  if (times_of[0]) times += fmt::format("{}{} of each service", times.empty() ? "" : ", ", kServiceTime);
  if (times_of[1]) times += fmt::format("{}{} of each database", times.empty() ? "" : ", ", kDatabaseTime);
  if (times_of[2]) times += fmt::format("{}{} of each cache", times.empty() ? "" : ", ", kCacheTime);
  draft.header.push_back("Assumed, because the source does not say it; change it to what you know:");
  draft.header.push_back("  - times: " + times);
  draft.header.push_back(
      "  - one operation per service, which calls everything that the service names, one after another");
  draft.header.push_back(fmt::format("  - {} requests, evenly over the entry points; {} of network each way",
                                     rate ? "equal" : "10/s of", kLatency));
  draft.notes.push_back("times are assumed: " + times);
  if (!rate) draft.notes.push_back("the load is assumed, 10/s; --rate gives it");
  return draft;
}

}  // namespace tailrace::scenarios
