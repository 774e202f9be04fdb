#include "models/policies/timeout/timeout.hpp"

namespace tailrace::models {

PolicyInfo timeout_policy() {
  return {"timeout", "timing", "call", "timeout",
          "How long a caller waits for the call, all attempts and pauses together. The server is not told "
          "and works on."};
}

}  // namespace tailrace::models
