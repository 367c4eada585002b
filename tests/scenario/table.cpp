// SPDX-License-Identifier: GPL-2.0-only
#include "scenario/table.hpp"

#include <string_view>

namespace xen_front::test {

namespace {

using Table = std::vector<NamedScenario>;

// {P}: a prepared playback stream; {C}: a capture stream; {again}: what a stream has to do whatever
// was done to it before; {F}: a stream that free-wheels, as of dmix, made of {M} and {S}; {I} and
// {O}: a source and a sink of PulseAudio.
std::string expanded(std::string script)
{
    constexpr std::pair<std::string_view, std::string_view> macros[] = {
        { "{again}",
          "close; back; nonblocking off; wakeups on; {P}; write 3000=3000; drain=0; state setup; "
          "heard; close" },
        { "{P}", "open p=0; params s16 48000 2 256 1024=0; thresholds 1024 1024 256=0; prepare=0" },
        { "{W}", "open p=0; nonblocking on; wakeups off; params s16 48000 2 1024 4096=0; "
                 "thresholds 4096 4096 1024=0; prepare=0; write 4096=4096; state running" },
        { "{I}", "open c=0; params s16 48000 2 256 1024=0; {N}; start=0; serve 50=0" },
        { "{O}", "open p=0; params s16 48000 2 256 1024=0; {N}; forward 1024=0; start=0; "
                 "serve 50=0" },
        { "{N}", "thresholds 4611686018427387904 4611686018427387904 1=0; prepare=0" },
        { "{F}", "{M} 256 1024=0; {S}" },
        { "{M}", "open p=0; mmap on; params s16 48000 2" },
        { "{S}", "thresholds 1 4611686018427387904 256 4611686018427387904=0; prepare=0; start=0; "
                 "state running" },
        { "{C}", "open c=0; params s16 48000 2 256 1024=0; thresholds 1 1024 256=0; prepare=0" },
    };
    for (const auto &[name, text] : macros) {
        for (size_t at = script.find(name); at != std::string::npos; at = script.find(name))
            script.replace(at, name.size(), text);
    }
    return script;
}

// ---- one line each

const NamedScenario lines[] = {
    { "opens", "open p=0; state open; close" },
    { "opens-twice", "open p=0; open c=0; close; use p; close" },
    { "plays", "{P}; write 5120=5120; drain=0; state setup; heard; close" },
    { "plays-longer", "{P}; write 50000=50000; drain=0; heard; close" },
    { "plays-after-drain",
      "{P}; write 700=700; drain=0; prepare=0; write 700=700; drain=0; heard" },
    { "plays-less-than-a-period", "{P}; write 10=10; drain=0; state setup; heard" },
    { "plays-nothing", "{P}; drain=0; state setup" },
    { "starts-at-threshold", "{P}; write 1023=1023; state prepared; write 1=1; state running" },
    { "starts-by-hand", "{P}; write 300=300; start=0; state running; drop=0; state setup" },
    { "starts-empty", "{P}; start=-32; state prepared" },
    { "starts-without-params", "open p=0; start=-77; prepare=-77; drop=-77; drain=-77" },
    { "starts-twice", "{P}; write 1024=1024; start=-77; state running" },
    { "frees", "{P}; free=0; state open; free=-77" },
    { "frees-while-running", "{P}; write 1024=1024; free=-77; state running" },
    { "params-while-running", "{P}; write 1024=1024; params s16 8000 1 100 1000=-77" },
    { "params-again", "{P}; params u8 8000 1 100 1000=0; state setup; prepare=0; "
                      "thresholds 1000 1000 100=0; write 3000=3000; drain=0; heard" },
    { "prepares-while-running", "{P}; write 1024=1024; prepare=-16; state running" },
    { "prepares-again", "{P}; prepare=0; prepare=0; write 2000=2000; drain=0; heard" },
    { "drops", "{P}; write 1024=1024; pass 7; drop=0; state setup; prepare=0; write 2000=2000; "
               "drain=0; heard" },
    { "plays-without-wakeups",
      "{W}; quiet from; pass 40; quiet; sync=0; write 1500=1500; pass 60; quiet; sync=0; "
      "write 2000=2000; quiet; drain; pass 200; state setup; heard" },
    { "never-looks-without-wakeups", "{W}; quiet from; pass 80; quiet; drop=0; {again}" },
    { "underruns-without-wakeups",
      "{W}; pass 300; state running; sync=0; sync=-32; state xrun; prepare=0; write 4096=4096; "
      "state running; {again}" },
    { "pauses-without-wakeups",
      "{W}; pass 20; pause=0; quiet from; pass 100; quiet; release=0; pass 20; sync=0; drain; "
      "pass 200; state setup; heard" },
    { "pauses", "{P}; write 1024=1024; pass 7; pause=0; state paused; pass 100; state paused; "
                "release=0; state running; write 2000=2000; drain=0; heard" },
    { "pauses-twice", "{P}; write 1024=1024; pause=0; pause=-77; release=0; release=-77" },
    { "pauses-what-does-not-run", "{P}; pause=-77; release=-77; state prepared" },
    { "drains-paused", "{P}; write 1024=1024; pass 7; pause=0; drain=0; state setup; heard" },
    { "drains-what-was-seen",
      "{P}; thresholds 1024 4611686018427387904 256=0; write 1024=1024; pass 100; sync=0; hw 1024; "
      "state running; drain=0; state setup; heard; {again}" },
    { "drains-what-was-seen-without-wakeups",
      "{W}; thresholds 4096 4611686018427387904 256=0; pass 50; sync=0; pass 150; sync=0; hw 4096; "
      "state running; drain; pass 200; state setup; heard" },
    { "drops-paused", "{P}; write 1024=1024; pause=0; drop=0; state setup" },
    { "closes-paused", "{P}; write 1024=1024; pause=0; close; {again}" },
    { "prepares-paused", "{P}; write 1024=1024; pause=0; prepare=0; state prepared; "
                         "write 2000=2000; drain=0; heard" },
    { "underruns", "{P}; write 1024=1024; pass 100; state xrun; write 100=-32; start=-77; "
                   "prepare=0; write 2000=2000; drain=0; heard" },
    { "drains-after-underrun", "{P}; write 1024=1024; pass 100; state xrun; drain=0; state setup" },
    { "drops-after-underrun", "{P}; write 1024=1024; pass 100; state xrun; drop=0; state setup" },
    { "does-not-block",
      "nonblocking on; {P}; write 2000=1024; write 1=-11; pass 6; write 2000=256" },
    { "drains-without-blocking", "nonblocking on; {P}; write 600=600; drain; state draining; "
                                 "pass 40; state setup; heard" },
    { "writes-while-draining", "nonblocking on; {P}; write 600=600; drain; write 10=-77" },
    { "moves-by-mmap", "{P}; forward 512=0; appl 512; forward 512=0; start=0; state running" },
    { "moves-too-far", "{P}; forward 1025=-22; appl 0" },
    { "moves-back", "{P}; forward 512=0; forward -1=-22; appl 512" },
    { "syncs", "{P}; sync=0; write 1024=1024; pass 7; sync=0; hw 256" },
    { "free-wheels", "{P}; thresholds 1024 4611686018427387904 256=0; write 1024=1024; pass 100; "
                     "sync=0; state running; drop=0" },
    { "mixes-in-place", "{F}; pass 20; mix 500; pass 30; mix 300; pass 50; mix 700; pass 40; "
                        "mixed; state running; drop=0" },
    { "mixes-to-the-end", "{F}; pass 20; mix 300; pass 12; drop=0; close; played" },
    { "mixes-at-once", "{F}; mix 700; pass 40; mixed" },
    { "mixes-at-a-wake-up", "clock off; {F}; hw 512; mix 700; play 256; hw 768; play 256; "
                            "play 256; mix 512; hw 1280; play 256; hw 1536; play 512; hw 2048; "
                            "mixed; delay=-1536" },
    { "mixes-without-wake-ups",
      "clock off; wakeups off; {M} 1024 4096=0; {S}; sync=0; hw 2048; "
      "play 256; mix 300; hw 2304; play 256; mix 1000; hw 2560; play 256; play 768; mixed" },
    { "mixes-into-two-periods", "clock off; {M} 512 1024=0; {S}; hw 1024; mix 900; play 512; "
                                "hw 1536; play 512; hw 2048; mix 1000; play 1024; mixed" },
    { "mixes-while-answers-are-late", "latency 2; {F}; pass 20; mix 700; pass 40; mix 500; "
                                      "pass 40; mixed; drop=0" },
    { "mixes-for-a-pause", "{F}; pass 20; pause=0; pass 20; mix 600; release=0; pass 40; "
                           "mixed; drop=0" },
    { "position-by-hand", "clock off; {P}; write 1024=1024; hw 0; play 256; hw 256; play 256; "
                          "hw 512; play 100; sync=0; drop=0" },
    { "position-of-several-periods", "clock off; {P}; write 1024=1024; play 768; sync=0; hw 768" },
    { "position-backwards", "clock off; {P}; write 1024=1024; play 512; hw 512; report 256; sync; "
                            "clock on; {again}" },
    { "position-too-far", "clock off; {P}; write 1024=1024; report 100000; sync; "
                          "clock on; {again}" },
    { "records", "{C}; read 5000=5000; state running; drop=0; close" },
    { "records-little", "{C}; read 1=1; drop=0; prepare=0; read 300=300" },
    { "records-after-drop", "{C}; read 100=100; drop=0; prepare=0; read 3000=3000" },
    { "records-paused", "{C}; read 500=500; pause=0; state paused; pass 50; release=0; "
                        "state running; read 1000=1000" },
    // ALSA's core has the position begin at zero then, and the driver does not.
    { "records-after-reset", "{C}; read 500=500; pause=0; reset=0; release=0; read 100=100; "
                             "read 1000=1000; state running" },
    { "overruns",
      "{C}; read 100=100; pass 100; state xrun; read 1=-32; prepare=0; read 2000=2000" },
    { "records-without-blocking", "use c; nonblocking on; {C}; read 10=-11; state running; pass 6; "
                                  "read 1000=256; read 1=-11" },
    { "skips-what-was-recorded",
      "open c=0; params s16 48000 2 256 1024=0; "
      "thresholds 4611686018427387904 4611686018427387904 256=0; prepare=0; start=0; pass 100; "
      "sync=0; skip 3900=3900; read 512=512; rewind 10=10; read 1000=1000; state running" },
    { "records-by-hand", "{C}; start=0; pass 6; sync=0; hw 256; read 256=256" },
    { "drains-capture", "use c; nonblocking on; {C}; read 10=-11; pass 11; drain; "
                        "state draining; read 512=-77; drop=0; state setup" },
    { "duplex", "{P}; {C}; use p; write 1024=1024; use c; read 512=512; use p; write 500=500; "
                "use c; read 700=700; use p; write 500=500; use c; read 300=300; use p; "
                "drain=0; heard" },
    { "poked", "{P}; poke events; poke requests; write 1024=1024; poke events; poke events; "
               "write 4000=4000; poke requests; drain=0; heard" },
    { "polled", "{P}; poll on; write 1000=1000; poll off; write 3000=3000; drain=0; heard" },
    { "slow-to-open", "open p=0; params s16 48000 2 256 1024=0; latency 300; prepare=0" },
    { "unbound-and-bound", "unbind; cards 0; bind=0; cards 1; {again}" },
    { "lost-by-a-restore", "lose; pass 11000; cards 0; attach; cards 1; {again}" },
    { "lost-while-open", "{P}; write 1024=1024; lose; pass 50; state running; cards 1; attach; "
                         "write 10=-19; close; cards 1; {again}" },
    { "bound-while-open", "{P}; write 1024=1024; unbind; cards 0; write 10=-19; close; bind=0; "
                          "{again}" },
    // What the frontend takes its time with is the same card.
    { "comes-and-goes",
      "{P}; write 1024=1024; back; back; back; back; back; state running; cards 1" },
    { "back-and-forth", "back; back; back; pass 3000; {again}; back; pass 3000; {again}" },
};

// ---- families

void add(Table &table, const std::string &name, const std::string &script)
{
    table.push_back({ name, expanded(script) });
}

// Frames written in chunks, and all of them heard.
void add_playback(Table &table, const std::string &name, const std::string &params,
                  unsigned int buffer, unsigned int chunk)
{
    std::string script = "open p=0; params " + params + "=0; thresholds " + std::to_string(buffer) +
                         " " + std::to_string(buffer) + " 1=0; prepare=0";
    for (unsigned int done = 0; done < 3 * buffer; done += chunk)
        script += "; write " + std::to_string(chunk) + "=" + std::to_string(chunk);
    add(table, "plays-" + name, script + "; drain=0; state setup; heard; close");
}

void add_capture(Table &table, const std::string &name, const std::string &params,
                 unsigned int buffer)
{
    const std::string count = std::to_string(3 * buffer);
    add(table, "records-" + name,
        "open c=0; params " + params + "=0; thresholds 1 " + std::to_string(buffer) +
            " 1=0; prepare=0; read " + count + "=" + count + "; drop=0; close");
}

void add_formats(Table &table)
{
    for (const char *format :
         { "s8",     "u8",       "s16",    "s16be",    "u16",   "u16be", "s24",   "s24be",
           "u24",    "u24be",    "s32",    "s32be",    "u32",   "u32be", "float", "floatbe",
           "double", "doublebe", "iec958", "iec958be", "mulaw", "alaw",  "adpcm" }) {
        for (const char *channels : { "1", "2", "5" }) {
            const std::string name = std::string(format) + "-" + channels;
            const std::string params = std::string(format) + " 48000 " + channels + " 240 960";
            add_playback(table, name, params, 960, 480);
            add_capture(table, name, params, 960);
        }
    }
}

void add_rates(Table &table)
{
    for (const char *rate : { "5512", "8000", "11025", "16000", "22050", "32000", "44100", "48000",
                              "88200", "96000", "192000" }) {
        const std::string params = std::string("s16 ") + rate + " 2 256 1024";
        add_playback(table, std::string("at-") + rate, params, 1024, 512);
        add_capture(table, std::string("at-") + rate, params, 1024);
    }
}

void add_sizes(Table &table)
{
    for (const unsigned int period : { 32u, 100u, 441u, 1024u, 4000u }) {
        for (const unsigned int periods : { 2u, 3u, 5u }) {
            const unsigned int buffer = period * periods;
            const std::string name = std::to_string(period) + "x" + std::to_string(periods);
            const std::string params =
                "s16 48000 2 " + std::to_string(period) + " " + std::to_string(buffer);
            add_playback(table, name, params, buffer, buffer);
            add_capture(table, name, params, buffer);
        }
    }
    for (const unsigned int chunk : { 7u, 64u, 333u, 1023u, 1025u, 3072u })
        add_playback(table, "in-chunks-of-" + std::to_string(chunk), "s16 48000 2 256 1024", 1024,
                     chunk);
}

// Whatever the backend does in whatever state of a stream: the next one plays.
void add_trouble(Table &table)
{
    constexpr std::pair<const char *, const char *> states[] = {
        { "open", "open p=0" },
        { "set-up", "open p=0; params s16 48000 2 256 1024=0" },
        { "prepared", "{P}; write 500=500" },
        { "running", "{P}; write 1024=1024; pass 7" },
        { "running-without-wakeups", "{W}; pass 7" },
        { "paused", "{P}; write 1024=1024; pass 7; pause=0" },
        { "draining", "nonblocking on; {P}; write 1024=1024; drain" },
        { "overdue", "{P}; write 1024=1024; pass 100" },
        { "recording", "{C}; read 500=500" },
    };
    constexpr std::pair<const char *, const char *> troubles[] = {
        { "leaves", "leave; pass 50; move 10; pass 3000" },
        { "vanishes", "vanish; move 10; pass 3000; move 10" },
        { "is-replaced", "back; pass 50; move 10; pass 50" },
        { "is-restored", "restore; pass 50; move 10; pass 50" },
        { "is-unbound", "unbind; pass 50; move 10; close; bind=0" },
        { "refuses-triggers", "refuse trigger; pause; release; start; drop; prepare; accept" },
        { "refuses-to-write", "refuse write; move 10; pass 50; prepare; accept" },
        { "refuses-to-close", "refuse close; free; drop; free; accept" },
        { "refuses-to-open", "refuse open; drop; prepare; move 10; accept" },
        { "withholds-triggers", "hold trigger; pause; start; drop; pass 2000; answer" },
        { "withholds-writes", "hold write; move 10; pass 2000; answer" },
        { "withholds-close", "hold close; drop; free; pass 2000; answer" },
        { "withholds-open", "hold open; drop; prepare; pass 2000; answer" },
        { "is-slow", "latency 20; move 10; pass 100; drop; prepare" },
    };
    for (const auto &[state, reach] : states) {
        for (const auto &[trouble, script] : troubles)
            add(table, std::string(trouble) + "-while-" + state,
                std::string(reach) + "; " + script + "; {again}");
    }
}

// Whatever the backend does, the thread of a sound server sleeps, or gives the stream up.
void add_trouble_served(Table &table)
{
    constexpr std::pair<const char *, const char *> streams[] = {
        { "source", "{I}" },
        { "sink", "{O}" },
    };
    constexpr std::pair<const char *, const char *> troubles[] = {
        { "does-well", "clock off; play 1000; serve 5; play 1000; serve 5; play 1000; serve 5=0; "
                       "hw 5304; clock on; serve 500=0; state running" },
        { "leaves", "leave; serve 500=0; serve 12000=1" },
        { "vanishes", "vanish; serve 500=0; serve 15000=1" },
        { "is-replaced", "back; serve 500=0" },
        { "is-restored", "restore; serve 500" },
        { "is-unbound", "unbind; serve 500=1; close; bind=0" },
        { "refuses-triggers",
          "refuse trigger; drop; prepare; start; serve 3000; accept; serve 500" },
        { "refuses-to-move", "refuse read; refuse write; serve 3000; accept; serve 500" },
        { "refuses-to-open", "refuse open; drop; prepare; start; serve 3000=1; accept" },
        { "withholds-moves", "hold read; hold write; serve 2000; answer; serve 500" },
        { "withholds-triggers",
          "hold trigger; drop; prepare; start; serve 2000; answer; serve 500" },
        { "is-slow", "latency 20; serve 500" },
        { "stands-still", "clock off; serve 3000; clock on" },
        { "reports-too-much", "clock off; report 1000000; serve 500; report 9; serve 500; "
                              "report -1; serve 500; clock on" },
    };
    for (const auto &[stream, reach] : streams) {
        for (const auto &[trouble, script] : troubles)
            add(table, std::string(trouble) + "-while-a-" + stream + "-is-served",
                std::string(reach) + "; " + script + "; {again}");
    }
}

} // namespace

const std::vector<NamedScenario> &all_scenarios()
{
    static const Table table = [] {
        Table made;
        for (const NamedScenario &line : lines)
            add(made, line.name, line.script);
        add_formats(made);
        add_rates(made);
        add_sizes(made);
        add_trouble(made);
        add_trouble_served(made);
        return made;
    }();
    return table;
}

} // namespace xen_front::test
