#pragma once
// Other people's YAML, read by the scenario reader's own parser (scenarios/format/yaml_tree), with what they
// use and scenarios do not: several documents in a file, and merge keys (<<), whose entries give way to those
// of the map that they stand in. Tags stay refused. Also the small readers of values that all importers need;
// they take null for a node that is missing.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/field/document.hpp"

namespace tailrace::scenarios {

struct YamlInput {
  std::vector<models::Node> documents;  // those with a content
  std::string error;                    // lines for the user, or ""
};

// `name` is the file's, for messages.
YamlInput read_yaml(std::string_view text, const std::string& name);

const models::Node* at(const models::Node* node, std::string_view key);  // null where there is none
std::string text_at(const models::Node* node, std::string_view key);     // of a scalar, or ""
std::optional<double> number_of(const std::string& text);                // not negative, finite
std::optional<double> cores_of(const std::string& text);                 // "0.5", or Kubernetes' "500m"
std::optional<double> share_of(const std::string& text);                 // "10%" or "0.1": 0 to 1
// A size with or without a unit, powers of 1024 as Docker has them; bytes as a scenario writes them.
std::string bytes_text(const std::string& text);  // "" where it is none

}  // namespace tailrace::scenarios
