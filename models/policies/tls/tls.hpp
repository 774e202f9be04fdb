#pragma once
// Secures the connections of a call's transport (models/policies/transport): a new one takes TLS's round
// trips on top of TCP's, and the work of a handshake at both ends. What is kept open costs nothing more.
//
// A handshake's work is done with the first request of its connection: by the server before it, by the caller
// when the answer is there. Left out: the cost of encrypting what is sent; revocation; ticket lifetimes.
#include "models/policy/policy.hpp"

namespace tailrace::models {

FieldTable tls_fields();
PolicyInfo tls_policy();

}  // namespace tailrace::models
