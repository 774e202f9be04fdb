#include "models/messaging/queue_broker/routing.hpp"

#include <algorithm>

#include "sim/base/check.hpp"

namespace tailrace::models {

namespace {

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  if (text.empty()) return words;  // no words, rather than one empty word
  for (std::size_t from = 0;;) {
    const std::size_t dot = text.find('.', from);
    words.push_back(text.substr(from, dot - from));
    if (dot == std::string_view::npos) return words;
    from = dot + 1;
  }
}

}  // namespace

// Row by row over the pattern: matched[k] says that the words so far match the first k words of the key. No
// backtracking, so that a pattern of many # is not slow.
bool topic_matches(std::string_view pattern, std::string_view key) {
  const std::vector<std::string_view> words = words_of(key);
  std::vector<bool> matched(words.size() + 1, false), next(words.size() + 1);
  matched[0] = true;
  for (const std::string_view part : words_of(pattern)) {
    const bool any = part == "#";
    next[0] = any && matched[0];
    for (std::size_t k = 1; k <= words.size(); ++k) {
      next[k] = any ? matched[k] || next[k - 1] : matched[k - 1] && (part == "*" || part == words[k - 1]);
    }
    matched.swap(next);
  }
  return matched.back();
}

bool binding_matches(ExchangeType type, const BindingSettings& binding, std::string_view key) {
  switch (type) {
    case ExchangeType::fanout:
      return true;
    case ExchangeType::direct:
      return binding.key == key_alone(key);
    case ExchangeType::topic:
      return topic_matches(binding.key, key_alone(key));
    case ExchangeType::headers:
      break;
  }
  const auto has = [&](const auto& header) { return has_header(key, header.first, header.second); };
  return binding.match_any ? std::any_of(binding.arguments.begin(), binding.arguments.end(), has)
                           : std::all_of(binding.arguments.begin(), binding.arguments.end(), has);
}

QueueRouter::QueueRouter(const BrokerSettings& settings, const std::vector<std::string>& keys)
    : settings_(settings),
      keys_(keys),
      known_((settings.exchanges.size() + settings.queues.size()) * (keys.size() + 1)) {}

void QueueRouter::follow(std::uint32_t exchange, std::string_view key, std::vector<bool>& asked,
                         std::vector<bool>& reached) const {
  if (asked[exchange]) return;
  asked[exchange] = true;
  const ExchangeSettings& from = settings_.exchanges[exchange];
  bool bound = false;
  for (const BindingSettings& binding : from.bindings) {
    if (!binding_matches(from.type, binding, key)) continue;
    bound = true;
    if (binding.queue != kNobody) reached[binding.queue] = true;
    if (binding.exchange != kNobody) follow(binding.exchange, key, asked, reached);
  }
  if (!bound && from.alternate != kNobody) follow(from.alternate, key, asked, reached);
}

QueueRouter::Reach QueueRouter::reach(std::uint16_t entry, std::uint16_t route) {
  const std::size_t exchanges = settings_.exchanges.size();
  TAILRACE_CHECK(entry < exchanges + settings_.queues.size());
  const std::size_t row = std::min<std::size_t>(route, keys_.size());
  Known& slot = known_[entry * (keys_.size() + 1) + row];
  if (slot.known) return slot.reach;
  slot.known = true;
  slot.reach.first = static_cast<std::uint32_t>(targets_.size());
  if (entry >= exchanges) {
    targets_.push_back(static_cast<std::uint32_t>(entry - exchanges));
  } else {
    std::vector<bool> asked(exchanges, false), reached(settings_.queues.size(), false);
    follow(entry, row < keys_.size() ? std::string_view(keys_[row]) : std::string_view(), asked, reached);
    for (std::uint32_t q = 0; q < reached.size(); ++q) {
      if (reached[q]) targets_.push_back(q);
    }
  }
  slot.reach.last = static_cast<std::uint32_t>(targets_.size());
  return slot.reach;
}

}  // namespace tailrace::models
