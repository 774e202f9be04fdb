// Kubernetes manifests, many in one file or a List: Deployment, StatefulSet, DaemonSet and Pod (replicas,
// images, limits of cpu, environment, ConfigMaps that it takes values from), Service (who answers to its
// name; LoadBalancer and NodePort are entry points), Ingress, HorizontalPodAutoscaler (range and target of
// cpu). Namespaces are not told apart. Jobs and everything else is left out, by name in a note.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "models/field/diagnostics.hpp"
#include "models/field/number_text.hpp"
#include "scenarios/import/deployed.hpp"
#include "scenarios/import/formats.hpp"
#include "scenarios/import/yaml_input.hpp"

namespace tailrace::scenarios {

namespace {

using models::Node;
using Labels = std::map<std::string, std::string>;

Labels labels_of(const Node* node) {
  Labels out;
  if (node == nullptr) return out;
  for (const models::MapEntry& e : node->entries) out[e.key] = e.value.text;
  return out;
}

std::uint64_t whole(const std::string& text, std::uint64_t otherwise) {
  const auto n = number_of(text);
  return n && *n >= 1 ? static_cast<std::uint64_t>(std::min(*n, 1e6)) : otherwise;
}

class Cluster {
 public:
  void add(const Node& object, int depth = 0) {
    const std::string kind = text_at(&object, "kind");
    const std::string name = text_at(object.find("metadata"), "name");
    const Node* spec = object.find("spec");
    if (kind == "List" && depth == 0) {
      if (const Node* items = object.find("items")) {
        for (const Node& item : items->items) add(item, 1);
      }
    } else if (kind == "Deployment" || kind == "StatefulSet" || kind == "DaemonSet" || kind == "ReplicaSet") {
      const Node* pod = at(spec, "template");
      workload(name, text_at(spec, "replicas"), at(at(pod, "metadata"), "labels"), at(pod, "spec"));
    } else if (kind == "Pod") {
      workload(name, "", at(object.find("metadata"), "labels"), spec);
    } else if (kind == "Service") {
      const std::string type = text_at(spec, "type");
      services_.push_back(
          {name, labels_of(at(spec, "selector")), type == "LoadBalancer" || type == "NodePort"});
    } else if (kind == "Ingress") {
      backends(object);
    } else if (kind == "HorizontalPodAutoscaler") {
      scalers_.push_back(spec);
    } else if (kind == "ConfigMap") {
      maps_[name] = object.find("data");
    } else if (kind != "Namespace" && kind != "Secret" && kind != "ServiceAccount") {
      ignored_.insert(kind.empty() ? "an object without a kind" : kind);
    }
  }

  bool empty() const { return parts_.empty(); }

  Draft draft(std::optional<double> rate) {
    for (const Service& s : services_) {
      for (std::size_t p = 0; p < parts_.size(); ++p) {
        const bool chosen = !s.selector.empty() && std::includes(labels_[p].begin(), labels_[p].end(),
                                                                 s.selector.begin(), s.selector.end());
        if (!chosen) continue;
        if (!s.name.empty() && s.name != parts_[p].name) parts_[p].aliases.push_back(s.name);
        if (s.outside || outside_.count(s.name) != 0) parts_[p].entry = true;
      }
    }
    for (const Node* scaler : scalers_) scale(scaler);
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      for (const Node* container : containers_[p]) environment(*container, parts_[p].environment);
    }
    Draft draft = draft_of(parts_, rate);
    for (std::string& n : notes_) draft.notes.push_back(std::move(n));
    std::string kinds;
    for (const std::string& k : ignored_) kinds += (kinds.empty() ? "" : ", ") + models::escaped(k);
    if (!kinds.empty()) draft.notes.push_back("left out: " + kinds);
    return draft;
  }

 private:
  struct Service {
    std::string name;
    Labels selector;
    bool outside;
  };

  void workload(const std::string& name, const std::string& replicas, const Node* labels, const Node* pod) {
    Deployed part;
    part.name = name.empty() ? "unnamed" : name;
    part.aliases = {part.name};
    part.replicas = whole(replicas, 1);
    if (!replicas.empty() && !number_of(replicas).has_value())
      notes_.push_back(
          fmt::format("{} has {} replicas; 1 is taken", models::escaped(part.name), models::shown(replicas)));
    double requested = 0;
    std::vector<const Node*> containers;
    if (const Node* list = at(pod, "containers"); list != nullptr && list->is_list()) {
      for (const Node& c : list->items) {
        containers.push_back(&c);
        if (part.image.empty()) part.image = text_at(&c, "image");
        const Node* resources = at(&c, "resources");
        part.cpus += cores_said(text_at(at(resources, "limits"), "cpu"), part.name, notes_);
        requested += cores_said(text_at(at(resources, "requests"), "cpu"), part.name, notes_);
      }
    }
    if (containers.size() > 1)
      notes_.push_back(fmt::format("{} has {} containers; it is one service with the cores of all",
                                   models::escaped(part.name), containers.size()));
    requested_.push_back(requested);
    parts_.push_back(std::move(part));
    labels_.push_back(labels_of(labels));
    containers_.push_back(std::move(containers));
  }

  // Names of services anywhere in an Ingress: backend.service.name, or serviceName of old.
  void backends(const Node& node) {
    if (const std::string old = text_at(&node, "serviceName"); !old.empty()) outside_.insert(old);
    if (const std::string name = text_at(at(&node, "service"), "name"); !name.empty()) outside_.insert(name);
    for (const models::MapEntry& e : node.entries) backends(e.value);
    for (const Node& item : node.items) backends(item);
  }

  void environment(const Node& container, std::vector<std::string>& values) const {
    const auto all_of = [&](const Node* map) {
      if (map == nullptr) return;
      for (const models::MapEntry& e : map->entries) values.push_back(e.value.text);
    };
    if (const Node* env = container.find("env")) {
      for (const Node& e : env->items) {
        if (const std::string value = text_at(&e, "value"); !value.empty()) values.push_back(value);
        const Node* reference = at(at(&e, "valueFrom"), "configMapKeyRef");
        const auto map = maps_.find(text_at(reference, "name"));
        if (map != maps_.end()) values.push_back(text_at(map->second, text_at(reference, "key")));
      }
    }
    if (const Node* from = container.find("envFrom")) {
      for (const Node& e : from->items) {
        const auto map = maps_.find(text_at(at(&e, "configMapRef"), "name"));
        if (map != maps_.end()) all_of(map->second);
      }
    }
    for (const char* key : {"args", "command"}) {
      if (const Node* words = container.find(key)) {
        for (const Node& w : words->items) {
          const std::size_t equals = w.text.find('=');
          values.push_back(equals == std::string::npos ? w.text : w.text.substr(equals + 1));
        }
      }
    }
  }

  // The target is a share of what a pod requests; `cpus` is its limit.
  void scale(const Node* spec) {
    const std::string name = text_at(at(spec, "scaleTargetRef"), "name");
    const auto part =
        std::find_if(parts_.begin(), parts_.end(), [&](const Deployed& p) { return p.name == name; });
    if (part == parts_.end()) {
      notes_.push_back(fmt::format("an autoscaler is for {}, which is not here", models::shown(name)));
      return;
    }
    double target = number_of(text_at(spec, "targetCPUUtilizationPercentage")).value_or(0);
    if (const Node* metrics = at(spec, "metrics"); metrics != nullptr && metrics->is_list()) {
      for (const Node& m : metrics->items) {
        const Node* resource = at(&m, "resource");
        if (text_at(resource, "name") != "cpu") continue;
        target = number_of(text_at(at(resource, "target"), "averageUtilization")).value_or(0);
        if (target <= 0) target = number_of(text_at(resource, "targetAverageUtilization")).value_or(0);
      }
    }
    if (target <= 0) {
      target = 80;
      notes_.push_back(
          fmt::format("the autoscaler of {} has no target of cpu; 80 % is assumed", models::escaped(name)));
    }
    const double requested = requested_[static_cast<std::size_t>(part - parts_.begin())];
    if (part->cpus <= 0) part->cpus = requested;
    const double limited = part->cpus > 0 && requested > 0 ? requested / part->cpus : 1;
    part->min_replicas = whole(text_at(spec, "minReplicas"), 1);
    part->max_replicas =
        std::max(whole(text_at(spec, "maxReplicas"), part->min_replicas), part->min_replicas);
    part->replicas = std::clamp(part->replicas, part->min_replicas, part->max_replicas);
    part->cpu_target = std::min(target / 100 * limited, 1.0);
  }

  std::vector<Deployed> parts_;
  std::vector<Labels> labels_;
  std::vector<std::vector<const Node*>> containers_;
  std::vector<double> requested_;  // cores, by part
  std::vector<Service> services_;
  std::vector<const Node*> scalers_;
  std::map<std::string, const Node*> maps_;
  std::set<std::string> outside_, ignored_;
  std::vector<std::string> notes_;
};

}  // namespace

Imported import_kubernetes(std::string_view text, const ImportOptions& options) {
  const YamlInput input = read_yaml(text, options.file);
  if (!input.error.empty()) return {{}, {}, input.error};
  Cluster cluster;
  for (const Node& document : input.documents) cluster.add(document);
  if (cluster.empty()) return failed(options, "it has no Deployment, StatefulSet, DaemonSet or Pod");
  return finished(cluster.draft(options.rate), "kubernetes", options);
}

}  // namespace tailrace::scenarios
