// SPDX-License-Identifier: Apache-2.0
// A board in software: the Verilated snnc_host_uart, its two UART lines bit by bit, and a pseudo-terminal
// behind which a host finds them. Prints the terminal's name; ends when its standard input is closed.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "Vboard.h"
#include "verilated.h"

namespace {

// Cycles without a bit on either line after which the clock stands still until the host writes again.
constexpr int64_t kIdleCycles = 200'000;
// Cycles between two looks at the terminal while the clock runs.
constexpr int64_t kLookCycles = 16 * CLOCKS_PER_BIT;
constexpr int kFrameBits = 10;

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

// The host's end of a raw pseudo-terminal; the other end stays open, so that hosts can come and go.
int open_terminal() {
    const int host = posix_openpt(O_RDWR | O_NOCTTY);
    if (host < 0 || grantpt(host) != 0 || unlockpt(host) != 0) fail("pseudo-terminal");
    const char* name = ptsname(host);
    const int device = open(name, O_RDWR | O_NOCTTY);
    termios settings{};
    if (device < 0 || tcgetattr(device, &settings) != 0) fail(name);
    cfmakeraw(&settings);
    tcsetattr(device, TCSANOW, &settings);
    fcntl(host, F_SETFL, O_NONBLOCK);
    std::printf("%s\n", name);
    std::fflush(stdout);
    return host;
}

// Bytes of the host onto the line, one bit per CLOCKS_PER_BIT cycles.
class Sender {
public:
    void put(uint8_t byte) { bytes_.push_back(byte); }
    bool idle() const { return bytes_.empty() && bits_ == 0; }
    bool wants_bytes() const { return bytes_.empty(); }

    bool line() {
        if (bits_ == 0 && !bytes_.empty()) {
            shift_ = static_cast<uint16_t>(1u << 9 | bytes_.front() << 1);
            bytes_.pop_front();
            bits_ = kFrameBits;
            count_ = CLOCKS_PER_BIT;
        }
        if (bits_ == 0) return true;
        const bool level = shift_ & 1;
        if (--count_ == 0) {
            shift_ >>= 1;
            --bits_;
            count_ = CLOCKS_PER_BIT;
        }
        return level;
    }

private:
    std::deque<uint8_t> bytes_;
    uint16_t shift_ = 0;
    int bits_ = 0;
    int count_ = 0;
};

// Bytes from the line, each bit sampled in its middle.
class Receiver {
public:
    bool idle() const { return bits_ == 0; }

    // The byte that this cycle completes, or -1.
    int take(bool level) {
        if (bits_ == 0) {
            if (level) return -1;
            bits_ = kFrameBits;
            count_ = CLOCKS_PER_BIT / 2;
        }
        if (--count_ > 0) return -1;
        shift_ = static_cast<uint16_t>(shift_ >> 1 | level << 9);
        count_ = CLOCKS_PER_BIT;
        return --bits_ == 0 ? shift_ >> 1 & 0xff : -1;
    }

private:
    uint16_t shift_ = 0;
    int bits_ = 0;
    int count_ = 0;
};

class Board {
public:
    Board() : terminal_(open_terminal()), top_(std::make_unique<Vboard>(&context_)) {
        top_->rx_i = 1;
        top_->rst_i = 1;
        for (int i = 0; i < 4; ++i) clock();
        top_->rst_i = 0;
    }

    void run() {
        int64_t look = 0;
        int64_t idle = 0;
        while (!context_.gotFinish()) {
            if (--look <= 0) {
                look = kLookCycles;
                if (idle > kIdleCycles) {
                    if (!wait()) return;
                    idle = 0;
                }
                if (sender_.wants_bytes()) read();
            }
            top_->rx_i = sender_.line();
            clock();
            const int byte = receiver_.take(top_->tx_o);
            if (byte >= 0) write(static_cast<uint8_t>(byte));
            idle = sender_.idle() && receiver_.idle() ? idle + 1 : 0;
        }
    }

private:
    void clock() {
        for (const int level : {1, 0}) {
            top_->clk_i = static_cast<CData>(level);
            top_->eval();
            context_.timeInc(1);
        }
    }

    void read() {
        uint8_t bytes[256];
        const ssize_t count = ::read(terminal_, bytes, sizeof bytes);
        for (ssize_t i = 0; i < count; ++i) sender_.put(bytes[i]);
    }

    // A host that does not read loses bytes, as on a real line.
    void write(uint8_t byte) { static_cast<void>(!::write(terminal_, &byte, 1)); }

    // Sleep until the host writes; false when nobody needs the board any more.
    bool wait() {
        pollfd watched[] = {{terminal_, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
        poll(watched, 2, -1);
        return watched[1].revents == 0;
    }

    VerilatedContext context_;
    int terminal_;
    std::unique_ptr<Vboard> top_;
    Sender sender_;
    Receiver receiver_;
};

}  // namespace

int main() {
    Board().run();
    return 0;
}
