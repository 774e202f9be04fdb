#pragma once
// Which queues a publication reaches: an entry (exchange or queue) and a routing key give a list of queues,
// each once, in the order of their indices. Exchanges bound to exchanges may form cycles; each is asked once.
// Worked out at the first publication of each (entry, key), then one look-up.
//
// Topic patterns: words between dots; * is one word, # any number of words, also none.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/messaging/queue_broker/settings.hpp"

namespace tailrace::models {

bool topic_matches(std::string_view pattern, std::string_view key);
// Of an exchange of that type; `key` may carry headers.
bool binding_matches(ExchangeType type, const BindingSettings& binding, std::string_view key);

class QueueRouter {
 public:
  // Both are kept by reference and outlive the router. Routes beyond `keys` are the key "".
  QueueRouter(const BrokerSettings& settings, const std::vector<std::string>& keys);

  struct Reach {  // indices for queue()
    std::uint32_t first = 0, last = 0;
  };
  Reach reach(std::uint16_t entry, std::uint16_t route);
  std::uint32_t queue(std::uint32_t index) const { return targets_[index]; }

 private:
  struct Known {
    bool known = false;
    Reach reach;
  };
  void follow(std::uint32_t exchange, std::string_view key, std::vector<bool>& asked,
              std::vector<bool>& reached) const;

  const BrokerSettings& settings_;
  const std::vector<std::string>& keys_;
  std::vector<Known> known_;  // by entry * (keys + 1) + route
  std::vector<std::uint32_t> targets_;
};

}  // namespace tailrace::models
