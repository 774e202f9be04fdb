#pragma once
// Closed forms of queueing theory for one station: what a simulation of the same station must converge to,
// and what a capacity plan can be checked against by hand. Rates are per second, times in seconds, scv is
// variance / mean^2 (0 constant, 1 exponential). Arrivals are Poisson and queues unlimited first come, first
// served unless the name says otherwise. An overloaded queue answers infinity for its means and stable =
// false; arguments outside the domain (a negative rate, no server, a quantile outside 0..1) answer NaN, so
// that a report prints "n/a" instead of a guess. Left out: transients, and anything that a product form or an
// approximation named below does not cover.
#include <functional>
#include <vector>

namespace tailrace::analysis {

struct QueueMeans {
  double utilization = 0;       // share of the servers that is busy; 0 when servers are unlimited
  double wait_probability = 0;  // an arrival finds every server busy
  double wait_mean_s = 0;       // over all arrivals, also those that do not wait
  double response_mean_s = 0;   // wait + service
  double in_queue_mean = 0;
  double in_system_mean = 0;
  bool stable = true;
  bool exact = true;        // false: an approximation; `source` names it
  const char* source = "";  // where the formula stands
};

// Queues that lose some arrivals. The times are those of the accepted (loss) or of all (abandonment)
// requests.
struct LossMeans : QueueMeans {
  double lost_fraction = 0;  // rejected on arrival, or gave up while waiting
  double throughput_per_s = 0;
  double served_wait_s = 0;  // mean wait of those who are served
};

// --- exponential service

// Blocking of M/G/c/c with offered load a = lambda E[S]; insensitive to the service law. O(servers).
double erlang_b(double offered_load, int servers);
// Probability of waiting in M/M/c; 1 when a >= c.
double erlang_c(double offered_load, int servers);

QueueMeans mm1(double arrival_rate, double service_mean_s);
double mm1_response_quantile(double arrival_rate, double service_mean_s, double q);

QueueMeans mmc(double arrival_rate, double service_mean_s, int servers);
double mmc_wait_tail(double arrival_rate, double service_mean_s, int servers, double t);  // P(wait > t)
// 0 if q <= P(no wait)
double mmc_wait_quantile(double arrival_rate, double service_mean_s, int servers, double q);
double mmc_response_tail(double arrival_rate, double service_mean_s, int servers, double t);
double mmc_response_quantile(double arrival_rate, double service_mean_s, int servers, double q);

// At most `capacity` requests inside (waiting and in service); the next is rejected. Stable at any load.
LossMeans mmck(double arrival_rate, double service_mean_s, int servers, int capacity);
LossMeans mm1k(double arrival_rate, double service_mean_s, int capacity);

// Erlang A, M/M/c+M: a waiting request gives up after an exponential patience. Stable at any load.
LossMeans erlang_a(double arrival_rate, double service_mean_s, int servers, double patience_mean_s);
// M/M/c+D: gives up after exactly `timeout_s` of waiting (a pool with an acquire timeout). Stable at any
// load.
LossMeans mmc_timeout(double arrival_rate, double service_mean_s, int servers, double timeout_s);

// --- general service

QueueMeans mg1(double arrival_rate, double service_mean_s, double service_scv);
// M^[X]/G/1: batches arrive by a Poisson process; a batch of fixed size k has moments k and k^2.
QueueMeans batch_mg1(double batch_rate, double batch_mean, double batch_second_moment, double service_mean_s,
                     double service_scv);
// G/G/c by Allen and Cunneen: the M/M/c wait times (scv_a + scv_s) / 2. Exact for M/M/c and M/G/1 only.
QueueMeans ggc_approx(double arrival_rate, double arrival_scv, double service_mean_s, double service_scv,
                      int servers);
QueueMeans mgc_approx(double arrival_rate, double service_mean_s, double service_scv, int servers);
// Processor sharing over c cores, a request never using more than one: rate min(1, c/n) each. The number
// inside is that of M/M/c whatever the service law, so the mean response is exact; "wait" is the stretch
// beyond E[S].
QueueMeans mgc_ps(double arrival_rate, double service_mean_s, int servers);
QueueMeans mg_inf(double arrival_rate, double service_mean_s);

// Constant service. The cdf sums positive terms only, so it keeps its digits in the far tail.
double md1_wait_cdf(double arrival_rate, double service_s, double t);
double md1_wait_quantile(double arrival_rate, double service_s, double q);

// Wait bounds of G/G/1: Kingman's upper bound holds always; Marchal's lower bound may be negative, then 0 is
// returned.
double gg1_wait_upper_bound(double arrival_rate, double arrival_scv, double service_mean_s,
                            double service_scv);
double gg1_wait_lower_bound(double arrival_rate, double service_mean_s, double service_scv);

// --- general arrivals, exponential service

// E[exp(-s A)] of the time between arrivals, whose mean is 1 / arrival_rate.
using LaplaceTransform = std::function<double(double)>;
LaplaceTransform laplace_constant(double mean);
LaplaceTransform laplace_erlang(int k, double mean);
LaplaceTransform laplace_hyperexponential(std::vector<double> weights, std::vector<double> means);

struct GM1 : QueueMeans {
  double sigma = 0;  // root of sigma = A*(mu (1 - sigma)); response is exponential with rate mu (1 - sigma)
};
GM1 gm1(double arrival_rate, const LaplaceTransform& interarrival, double service_mean_s);
double gm1_response_quantile(const GM1& queue, double q);

// --- several classes at one server

struct PriorityClass {
  double arrival_rate = 0;
  double service_mean_s = 0;
  double service_scv = 1;
};
// First class is served first. A class is stable as long as it and those before it fit, even if later ones
// starve.
std::vector<QueueMeans> priority_nonpreemptive(const std::vector<PriorityClass>& classes);
std::vector<QueueMeans> priority_preemptive_resume(const std::vector<PriorityClass>& classes);

// Shortest job first, not preemptive, for a service law given by its quantile function on (0, 1). Ties and
// atoms are covered. Numeric integration, relative error about 1e-5 for laws with a finite third moment.
QueueMeans sjf_mg1(double arrival_rate, double service_mean_s, double service_scv,
                   const std::function<double(double)>& service_quantile);

// --- fan-out

double harmonic(int n);
// The k-th of n parallel exponential calls to return, no queueing: k = n waits for all, k < n is a quorum.
double kth_exponential_mean(int k, int n, double mean_s);
double max_exponential_quantile(int n, double mean_s, double q);
// Every request sends one part to each of n M/M/1 queues and returns with the last part. Exact for n <= 2
// (Flatto and Hahn), Nelson and Tantawi's approximation (5 % up to n = 32) above.
QueueMeans fork_join(double arrival_rate, double service_mean_s, int n);

}  // namespace tailrace::analysis
