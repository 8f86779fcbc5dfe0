import TestSupport
import Testing
@testable import Engine

@Suite struct AdministrationLatencyTests {
    let server = TestServer { $0.monitoring.latencyThreshold = 100 }
    private var second: Int64 { server.clock.nanoseconds / 1_000_000_000 }

    @Test func arity() {
        let client = server.connect()
        for name in ["doctor", "latest", "help"] {
            #expect(client("LATENCY", name, "x") == .error("ERR wrong number of arguments for 'latency|\(name)' command"))
        }
        #expect(client("LATENCY", "HISTORY") == .error("ERR wrong number of arguments for 'latency|history' command"))
        #expect(client("LATENCY", "GRAPH", "a", "b") == .error("ERR wrong number of arguments for 'latency|graph' command"))
        #expect(client("LATENCY") == .error("ERR wrong number of arguments for 'latency' command"))
    }

    @Test func events() {
        let client = server.connect()
        #expect(client("LATENCY", "LATEST") == [])
        client("DEBUG", "SLEEP", "0.099")
        #expect(client("LATENCY", "LATEST") == [])
        client("DEBUG", "SLEEP", "0.3")
        let first = second
        // Within one second the worst sample stays.
        client("DEBUG", "SLEEP", "0.1")
        #expect(client("LATENCY", "HISTORY", "command") == [[.integer(first), 300]])
        server.advance(milliseconds: 2000)
        client("DEBUG", "SLEEP", "0.2")
        #expect(client("LATENCY", "HISTORY", "command") == [[.integer(first), 300], [.integer(second), 200]])
        #expect(client("LATENCY", "LATEST") == [["command", .integer(second), 200, 300]])
        #expect(client("LATENCY", "HISTORY", "nosuch") == [])
        #expect(client("LATENCY", "RESET", "nosuch") == 0)
        #expect(client("LATENCY", "RESET", "nosuch", "command", "command") == 1)
        #expect(client("LATENCY", "LATEST") == [])
        #expect(client("LATENCY", "RESET") == 0)
    }

    @Test func monitoringIsOffByDefault() {
        let server = TestServer()
        let client = server.connect()
        client("DEBUG", "SLEEP", "30")
        #expect(client("LATENCY", "LATEST") == [])
        #expect(client("LATENCY", "DOCTOR").text?.contains("CONFIG SET latency-monitor-threshold") == true)
    }

    @Test func samplesAreBounded() {
        let client = server.connect()
        for _ in 0..<200 { client("DEBUG", "SLEEP", "1") }
        let samples = client("LATENCY", "HISTORY", "command").elements
        #expect(samples.count == 160)
        #expect(samples.last == [.integer(second), 1000])
        #expect(samples.first == [.integer(second - 159), 1000])
    }

    @Test func graph() {
        let client = server.connect()
        #expect(client("LATENCY", "GRAPH", "command") == .error("ERR No samples available for event 'command'"))
        client("DEBUG", "SLEEP", "0.1")
        server.advance(milliseconds: 1000)
        client("DEBUG", "SLEEP", "0.5")
        server.advance(milliseconds: 120_000)
        let rule = String(repeating: "-", count: 80)
        #expect(client("LATENCY", "GRAPH", "command") == .status(
            "command - high 500 ms, low 100 ms (all time high 500 ms)\n\(rule)\n #\n |\n |\n_|\n\n22\nmm\n"))
    }

    @Test func doctor() {
        let client = server.connect()
        #expect(client("LATENCY", "DOCTOR").text?.hasPrefix("No latency spike of 100 ms or more") == true)
        client("DEBUG", "SLEEP", "0.1")
        server.advance(milliseconds: 1000)
        client("DEBUG", "SLEEP", "0.3")
        let text = client("LATENCY", "DOCTOR").text ?? ""
        #expect(text.contains("1. command: 2 latency spikes (average 200.00 ms, mean deviation 100.00 ms, period 0.50 sec). Worst all time event 300 ms."))
        #expect(text.contains("SLOWLOG GET"))
        client("CONFIG", "SET", "slowlog-log-slower-than", "-1")
        #expect(client("LATENCY", "DOCTOR").text?.contains("Lower slowlog-log-slower-than to 100 ms") == true)
    }

    @Test func histogram() {
        let client = server.connect()
        #expect(client("LATENCY", "HISTOGRAM", "set") == [])
        client("SET", "a", "b")
        client("SET", "a", "b")
        client("CLIENT", "ID")
        client("DEBUG", "SLEEP", "0.001")
        client("DEBUG", "SLEEP", "0.004")
        client("DEBUG", "SLEEP", "0.004")
        let set: Reply = ["calls", 2, "histogram_usec", [1, 2]]
        #expect(client("LATENCY", "HISTOGRAM", "set", "nosuch", "get", "SET") == ["set", set])
        #expect(client("LATENCY", "HISTOGRAM", "debug") == ["debug", ["calls", 3, "histogram_usec", [1056, 1, 4227, 3]]])
        #expect(client("LATENCY", "HISTOGRAM", "client") == ["client|id", ["calls", 1, "histogram_usec", [1, 1]]])
        #expect(client("LATENCY", "HISTOGRAM", "client|id").elements.count == 2)
        #expect(client("LATENCY", "HISTOGRAM").elements.count == 8)
        client("HELLO", "3")
        #expect(client("LATENCY", "HISTOGRAM", "set") == .map([
            "set", .map(["calls", 2, "histogram_usec", .map([1, 2])]),
        ]))
        client("CONFIG", "RESETSTAT")
        #expect(client("LATENCY", "HISTOGRAM", "set", "debug") == .map([]))
    }

    /// Every duration lies in its bucket, and no bucket is wider than 1/128 of it.
    @Test func buckets() {
        var values: [Int64] = [0, 1, 127, 128, 255, 256, 257, 511, 512, 1_000_000_000_000]
        for power in 10..<40 { values += [(1 << power) - 1, 1 << power, (1 << power) + 1] }
        for value in values {
            var histogram = LatencyHistogram()
            histogram.record(value)
            let high = histogram.value(atPercentile: 50)
            let low = histogram.value(atPercentile: 0)
            let expected = min(value, LatencyHistogram.limit)
            #expect(low <= expected && expected <= high && high - low <= max(0, expected / 128), "\(value)")
        }
        var extreme = LatencyHistogram()
        for value in [0, 1, Int64.max] { extreme.record(value) }
        let count = extreme.count
        let steps = extreme.cumulative
        #expect(count == 3 && steps.first?.calls == 2 && steps.last?.calls == 3)
    }
}
