#pragma once
// The plural of a kind's name, for headings: services, outboxes, meshes, proxies, gateways.
#include <string>

namespace tailrace::analysis {

inline std::string plural(const std::string& kind) {
  if (kind.ends_with('x') || kind.ends_with("sh")) return kind + "es";
  const bool consonant_y = kind.size() > 1 && kind.ends_with('y') &&
                           std::string("aeiou").find(kind[kind.size() - 2]) == std::string::npos;
  return consonant_y ? kind.substr(0, kind.size() - 1) + "ies" : kind + "s";
}

}  // namespace tailrace::analysis
