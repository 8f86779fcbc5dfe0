// How suites begin: servers and clients as many of them want them, and what they ask again and again.

import Engine
import Primitives

extension TestServer {
    /// A server without save points whose append-only file is synced by `sync`; `startAppendOnlyFile` gives it a disk.
    public convenience init(
        seed: UInt64 = 1, partitionCount: Int = 1, clock: SimulatedClock = SimulatedClock(), appendOnly isOn: Bool, _ sync: SyncPolicy = .everysec,
        configure: (inout Configuration) -> Void = { _ in }
    ) {
        self.init(seed: seed, partitionCount: partitionCount, clock: clock) { configuration in
            configuration.appendOnly.isEnabled = isOn
            configuration.appendOnly.sync = sync
            configuration.persistence.savePoints = []
            configure(&configuration)
        }
    }

    /// A client of a server that records effects, behind the SELECT that stands ahead of the first one.
    public func connectRecorded() -> TestClient {
        let client = connect()
        recordEffects()
        client("SET", "warm", "up")
        _ = takeEffects()
        return client
    }

    /// A turn after some time; as told, after that between two syncs.
    public func later(milliseconds: Int64 = 1100) {
        advance(milliseconds: milliseconds)
        turn()
    }

    /// The child writes the new base of the append-only file, and the server sees that it has ended.
    public func finishRewrite(on disk: SimulatedDisk) {
        runRewriteChild(on: disk)
        cycle()
    }
}

extension TestClient {
    /// The fields of a section of INFO.
    public func info(_ section: String) -> [String: String] {
        var fields: [String: String] = [:]
        for line in (self("INFO", section).text ?? "").split(separator: "\r\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            fields[String(parts[0])] = parts.count > 1 ? String(parts[1]) : "?"
        }
        return fields
    }
}
