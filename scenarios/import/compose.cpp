// docker-compose files: services with their image, depends_on and links, values of environment, published
// ports, deploy.replicas or scale, deploy.resources.limits.cpus or cpus. Not read: env_file, extends,
// include, profiles.
#include <fmt/format.h>

#include <algorithm>

#include "models/field/diagnostics.hpp"
#include "models/field/number_text.hpp"
#include "scenarios/import/deployed.hpp"
#include "scenarios/import/formats.hpp"
#include "scenarios/import/yaml_input.hpp"

namespace tailrace::scenarios {

namespace {

using models::Node;

// A list of names, "name:alias" among them, or a map by name.
std::vector<std::string> names_of(const Node* node) {
  std::vector<std::string> out;
  if (node == nullptr) return out;
  for (const Node& item : node->items) {
    if (item.is_scalar()) out.push_back(item.text.substr(0, item.text.find(':')));
  }
  for (const models::MapEntry& e : node->entries) out.push_back(e.key);
  return out;
}

// A map, or a list of NAME=VALUE.
std::vector<std::string> environment_of(const Node* node) {
  std::vector<std::string> out;
  if (node == nullptr) return out;
  for (const models::MapEntry& e : node->entries) {
    if (e.value.is_scalar()) out.push_back(e.value.text);
  }
  for (const Node& item : node->items) {
    const std::size_t equals = item.text.find('=');
    if (item.is_scalar() && equals != std::string::npos) out.push_back(item.text.substr(equals + 1));
  }
  return out;
}

bool publishes(const Node* ports) {
  if (ports == nullptr || !ports->is_list()) return false;
  return std::any_of(ports->items.begin(), ports->items.end(), [](const Node& port) {
    return port.is_scalar() ? port.text.find(':') != std::string::npos : port.find("published") != nullptr;
  });
}

}  // namespace

Imported import_compose(std::string_view text, const ImportOptions& options) {
  YamlInput input = read_yaml(text, options.file);
  if (!input.error.empty()) return {{}, {}, input.error};
  const Node* root = input.documents.empty() ? nullptr : &input.documents[0];
  const Node* services = at(root, "services");
  if (services == nullptr || !services->is_map() || services->entries.empty())
    return failed(options, "it has no map `services`");
  std::vector<Deployed> parts;
  std::vector<std::string> notes;
  for (const models::MapEntry& e : services->entries) {
    const Node* s = &e.value;
    Deployed part;
    part.name = e.key;
    part.aliases = {e.key};
    for (const char* key : {"container_name", "hostname"}) {
      if (const std::string other = text_at(s, key); !other.empty() && other != e.key)
        part.aliases.push_back(other);
    }
    part.image = text_at(s, "image");
    const Node* deploy = at(s, "deploy");
    std::string replicas = text_at(deploy, "replicas");
    if (replicas.empty()) replicas = text_at(s, "scale");
    if (!replicas.empty()) {
      const auto n = number_of(replicas);
      if (n) part.replicas = static_cast<std::uint64_t>(std::clamp(*n, 1.0, 1e6));
      if (!n || *n < 1)
        notes.push_back(
            fmt::format("{} has {} replicas; 1 is taken", models::escaped(e.key), models::shown(replicas)));
    }
    std::string cpus = text_at(at(at(deploy, "resources"), "limits"), "cpus");
    if (cpus.empty()) cpus = text_at(s, "cpus");
    part.cpus = cores_said(cpus, e.key, notes);
    part.entry = publishes(at(s, "ports"));
    part.depends = names_of(at(s, "depends_on"));
    for (std::string& link : names_of(at(s, "links"))) part.depends.push_back(std::move(link));
    part.environment = environment_of(at(s, "environment"));
    for (const char* key : {"command", "entrypoint"}) {
      const Node* words = at(s, key);
      if (words != nullptr && words->is_scalar()) part.environment.push_back(words->text);
      if (words != nullptr) {
        for (const Node& w : words->items) part.environment.push_back(w.text);
      }
    }
    if (at(s, "env_file") != nullptr || at(s, "extends") != nullptr)
      notes.push_back(fmt::format("{}: env_file and extends are not read", models::escaped(e.key)));
    parts.push_back(std::move(part));
  }
  Draft draft = draft_of(parts, options.rate);
  draft.notes.insert(draft.notes.end(), notes.begin(), notes.end());
  return finished(std::move(draft), "compose", options);
}

}  // namespace tailrace::scenarios
