// Service graphs of Istio's load generator isotope: kind MockServiceGraph, with defaults (requestSize,
// responseSize, numReplicas, errorRate, script) and services, whose script is a list of commands one after
// another: sleep, call (a name, or {service, size, probability in percent}), or a list of commands that run
// at the same time. A mock service works for no time of its own; a small one is assumed, since nothing takes
// none.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "models/field/diagnostics.hpp"
#include "models/field/number_text.hpp"
#include "models/field/units.hpp"
#include "scenarios/import/formats.hpp"
#include "scenarios/import/yaml_input.hpp"

namespace tailrace::scenarios {

namespace {

using models::Node;

constexpr const char* kWork = "exp(100us)";
constexpr double kAssumedRate = 100;
constexpr int kDeepest = 8;

class Graph {
 public:
  Graph(const Node& root, Draft& draft) : defaults_(root.find("defaults")), draft_(draft) {}

  std::string read(const Node& services) {
    for (const Node& s : services.items) {
      const std::string name = text_at(&s, "name");
      if (name.empty()) return fmt::format("line {}: a service has no name", s.mark.line);
      if (!number_.emplace(name, draft_.components.size()).second)
        return fmt::format("line {}: the service {} is there twice", s.mark.line, models::shown(name));
      DraftComponent& c = draft_.components.emplace_back();
      c.name = name;
      const std::string replicas = given(s, "numReplicas"), errors = given(s, "errorRate");
      const auto n = number_of(replicas.empty() ? "1" : replicas);
      const auto share = share_of(errors.empty() ? "0" : errors);
      if (!n) refuse(s, "numReplicas takes a number, found " + models::shown(replicas));
      if (!share) refuse(s, "errorRate takes a share up to 1 or 100%, found " + models::shown(errors));
      c.replicas = static_cast<std::uint64_t>(std::clamp(n.value_or(1), 1.0, 1e6));
      c.operations.emplace_back().name = "handle";
      c.operations[0].error_rate = share.value_or(0);
    }
    for (std::size_t i = 0; i < services.items.size(); ++i) {
      const Node& s = services.items[i];
      DraftStep work;
      work.time = kWork;
      std::vector<DraftStep>& steps = draft_.components[i].operations[0].steps;
      steps.push_back(work);
      const Node* script = s.find("script");
      if (script == nullptr) script = at(defaults_, "script");
      if (script != nullptr && script->is_list()) {
        for (const Node& command : script->items) add(command, services, steps, 0);
      }
      if (text_at(&s, "isEntrypoint") == "true") entry(i);
    }
    for (std::size_t i = 0; i < services.items.size() && draft_.requests.empty(); ++i) entry(i);
    return fault_;
  }

 private:
  std::string given(const Node& service, const char* key) const {
    const std::string own = text_at(&service, key);
    return own.empty() ? text_at(defaults_, key) : own;
  }

  void entry(std::size_t i) {
    DraftRequest request;
    request.name = draft_.components[i].name;
    DraftStep call;
    call.kind = DraftStep::Kind::call;
    call.target = {i, 0};
    request.steps.push_back(call);
    draft_.requests.push_back(std::move(request));
  }

  void refuse(const Node& node, const std::string& what) {
    if (fault_.empty()) fault_ = fmt::format("line {}: {}", node.mark.line, what);
  }

  void add(const Node& command, const Node& services, std::vector<DraftStep>& steps, int depth) {
    if (depth > kDeepest) return refuse(command, "lists of commands in lists, deeper than 8");
    if (command.is_list()) {
      DraftStep parallel;
      parallel.kind = DraftStep::Kind::parallel;
      for (const Node& inner : command.items) add(inner, services, parallel.blocks.emplace_back(), depth + 1);
      std::erase_if(parallel.blocks, [](const auto& b) { return b.empty(); });
      if (!parallel.blocks.empty()) steps.push_back(std::move(parallel));
      return;
    }
    if (const Node* sleep = at(&command, "sleep")) {
      const models::Quantity q = models::parse_duration_ns(sleep->text);
      if (!sleep->is_scalar() || !q.value || *q.value < 0)
        return refuse(*sleep, "sleep takes a time, found " + models::shown(sleep->text));
      DraftStep step;
      step.kind = DraftStep::Kind::sleep;
      step.time = sleep->text;
      steps.push_back(step);
      return;
    }
    const Node* call = at(&command, "call");
    if (call == nullptr) return refuse(command, "expected sleep, call, or a list of these");
    const std::string name = call->is_scalar() ? call->text : text_at(call, "service");
    const auto to = number_.find(name);
    if (to == number_.end()) return refuse(*call, "there is no service " + models::shown(name));
    DraftStep step;
    step.kind = DraftStep::Kind::call;
    step.target = {to->second, 0};
    std::string size = text_at(call, "size");
    if (size.empty()) size = text_at(defaults_, "requestSize");
    const std::string answer = given(services.items[to->second], "responseSize");
    step.request_size = bytes_text(size);
    step.response_size = bytes_text(answer);
    for (const auto& [found, bytes] :
         {std::pair(size, step.request_size), std::pair(answer, step.response_size)}) {
      if (!found.empty() && bytes.empty())
        return refuse(*call, "expected a size such as 128 or 1 KB, found " + models::shown(found));
    }
    const std::string probability = text_at(call, "probability");
    if (!probability.empty()) {
      const auto percent =
          number_of(probability.back() == '%' ? probability.substr(0, probability.size() - 1) : probability);
      if (!percent || *percent > 100) return refuse(*call, "a probability is a number from 0 to 100");
      // isotope takes 0 for "not given".
      if (*percent > 0) step.probability = *percent / 100;
    }
    steps.push_back(step);
  }

  const Node* defaults_;
  Draft& draft_;
  std::map<std::string, std::size_t> number_;
  std::string fault_;
};

}  // namespace

Imported import_isotope(std::string_view text, const ImportOptions& options) {
  YamlInput input = read_yaml(text, options.file);
  if (!input.error.empty()) return {{}, {}, input.error};
  if (input.documents.empty() || !input.documents[0].is_map())
    return failed(options, "it holds no service graph");
  const Node& root = input.documents[0];
  const std::string kind = text_at(&root, "kind");
  if (!kind.empty() && kind != "MockServiceGraph")
    return failed(options, "expected kind MockServiceGraph, found " + models::shown(kind));
  const Node* services = root.find("services");
  if (services == nullptr || !services->is_list() || services->items.empty())
    return failed(options, "it has no list `services`");
  Draft draft;
  if (std::string fault = Graph(root, draft).read(*services); !fault.empty()) return failed(options, fault);
  draft.rate = options.rate.value_or(kAssumedRate);
  draft.workload_comment = options.rate ? "the rate was given" : "assumed: a graph says nothing of a load";
  draft.latency = "250us";
  draft.latency_comment = "assumed, one way";
  draft.header.push_back(
      fmt::format("Assumed, because a graph does not say it: {} of work per request and service,", kWork));
  draft.header.push_back("250us of network each way, and the load.");
  draft.notes.push_back(fmt::format("work of {} per request and 250us of network are assumed", kWork));
  if (!options.rate) draft.notes.push_back("the load is assumed, 100/s; --rate gives it");
  return finished(std::move(draft), "isotope", options);
}

}  // namespace tailrace::scenarios
