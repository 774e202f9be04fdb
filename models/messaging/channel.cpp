#include "models/messaging/channel.hpp"

namespace tailrace::models {

const char* fate_name(Fate fate) {
  switch (fate) {
    case Fate::consumed:
      return "consumed";
    case Fate::expired:
      return "expired";
    case Fate::dropped:
      return "dropped";
    case Fate::dead_lettered:
      return "dead_lettered";
    case Fate::lost:
      return "lost";
  }
  return "";
}

}  // namespace tailrace::models
