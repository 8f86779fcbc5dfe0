import Engine
import Keyspace
import Primitives

/// A server at work on a simulated disk, which keeps the disk as it is at random steps together with
/// what clients were told until then: a crash at any of them must leave a state that the server has had, and no earlier
/// one than clients were told of.
public final class CrashRecorder {
    /// The disk at a step, and what it has to hold.
    public struct Image {
        public let contents: SimulatedDisk.Contents
        /// The journal's position that must not be lost.
        public let acknowledged: JournalPosition
        public let moment: Milliseconds

        /// All of it.
        public init(contents: SimulatedDisk.Contents, acknowledged: JournalPosition, moment: Milliseconds) {
            self.contents = contents
            self.acknowledged = acknowledged
            self.moment = moment
        }
    }

    /// Room is made soon, and often, and groups of a few sectors go into it.
    private static var eagerness: RoomSettings {
        var room = Configuration().appendOnly.room
        (room.fewestGroups, room.piece, room.largestGroup) = (1, 8192, 3000)
        return room
    }

    public let server: TestServer
    public let disk: SimulatedDisk
    public let clock = SimulatedClock()
    public private(set) var images: [Image] = []
    /// States that the data has had, each with the journal's position behind it.
    public private(set) var history: [(position: JournalPosition, digest: Digest)] = []
    /// Of every so many steps one is kept.
    public var imageInterval = 1
    private let promise: SyncPolicy
    private var random: RandomGenerator
    private var clients: [TestClient] = []
    /// Positions that the replies under way stand for, by client; nil: nothing was promised when they were asked for.
    private var expected: [[JournalPosition?]] = [[], []]
    /// What clients were told of, and when.
    private var told: [(position: JournalPosition, moment: Milliseconds)] = []
    private let startsOn: Bool

    /// How old a write may be that `everysec` loses: a second, and the turns until a sync begins and is seen to have ended.
    private static var window: Milliseconds { 1000 + 5 * longestPause }
    private static var longestPause: Milliseconds { 300 }

    /// `startsOn`: else the file is switched on while the server runs; `promise`: what is expected of the server, if that is
    /// not what it is set to.
    public init(seed: UInt64, policy: SyncPolicy, promise: SyncPolicy? = nil, startsOn: Bool = true) {
        random = RandomGenerator(seed: seed)
        let usesSnapshots = random.below(2) == 0
        let annotates = random.below(3) == 0
        let makesRoom = random.below(3) != 0
        self.promise = promise ?? policy
        self.startsOn = startsOn
        disk = SimulatedDisk()
        server = TestServer(seed: seed, clock: clock, appendOnly: startsOn, policy) { configuration in
            configuration.appendOnly.basesAreSnapshots = usesSnapshots
            configuration.appendOnly.annotatesMoments = annotates
            configuration.appendOnly.rewriteBytes = 6000
            if makesRoom { configuration.appendOnly.room = Self.eagerness }
        }
        note()
        disk.onStep = { [unowned self] in step() }
    }

    private func step() {
        guard random.below(imageInterval) == 0 else { return }
        let moment = clock.nanoseconds / 1_000_000
        let safe = promise == .always ? told.last : told.last { $0.moment <= moment - Self.window }
        images.append(Image(contents: disk.contents, acknowledged: safe?.position ?? 0, moment: moment))
    }

    /// Notes the state of the data.
    private func note() {
        let position = server.engine.context.journal.position
        if history.last?.position == position { history.removeLast() }
        history.append((position, server.engine.digest(at: .min)))
    }

    /// Starts the server and gives it so many things to do; nil, or why it does not start.
    public func run(_ count: Int) -> String? {
        if let failure = server.startAppendOnlyFile(on: disk) { return failure }
        clients = [server.connect(), server.connect()]
        for number in 0..<count {
            if !startsOn, number == count / 4 { ask(0, [[UInt8]("CONFIG"), [UInt8]("SET"), [UInt8]("appendonly"), [UInt8]("yes")]) }
            for _ in 0...random.below(3) { ask(random.below(4) == 0 ? 1 : 0, command()) }
            endTurn()
        }
        return nil
    }

    private func command() -> [[UInt8]] {
        switch random.below(40) {
        case 0: return [[UInt8]("BGREWRITEAOF")]
        case 1, 2: return [[UInt8]("MULTI")]
        case 3...8: return [[UInt8]("EXEC")]
        case 9: return [[UInt8]("SELECT"), [UInt8]("\(random.below(3))")]
        case 10: return [[UInt8]("BACKUP"), [UInt8](["START", "START", "SEAL", "SEAL", "ABORT", "CLEANUP"][random.below(6)])]
        default: break
        }
        while true {
            let command = Generators.command(of: Generators.all, &random)
            if command.reduce(0, { $0 + $1.count }) < 600 { return command }
        }
    }

    private func ask(_ client: Int, _ words: [[UInt8]]) {
        let forks = disk.forks
        clients[client].queue(words)
        if disk.forks > forks { runChild() }
        note()
        expected[client].append(isPromising ? server.engine.context.journal.position : nil)
    }

    private func endTurn() {
        disk.syncPolls = random.below(3)
        server.turn()
        receive()
        guard random.below(3) == 0 else { return }
        clock.advance(milliseconds: Int64(random.below(Int(Self.longestPause))))
        let forks = disk.forks
        server.cycle()
        if disk.forks > forks { runChild() }
        note()
        receive()
    }

    /// The child does its work, or dies over it.
    private func runChild() {
        if random.below(6) == 0 { disk.childEnd = .killed(signal: 9) } else { server.runRewriteChild(on: disk) }
    }

    /// Until the first rewrite is done nothing is promised, nor where only a backup wants the file.
    private var isPromising: Bool {
        server.engine.context.statistics.appendOnly.mode == .on && server.engine.context.configuration.appendOnly.isEnabled
    }

    private func receive() {
        for (index, client) in clients.enumerated() {
            while client.nextReply() != .none {
                let asked = expected[index].removeFirst()
                if isPromising, let position = asked, position > told.last?.position ?? 0 { told.append((position, clock.nanoseconds / 1_000_000)) }
            }
        }
    }

    // MARK: After the crash

    /// Starts another server on what an image's disk has kept, and says what is wrong with it.
    public func problem(after image: Image, _ random: inout RandomGenerator) -> String? {
        let survivors = image.contents.survivors(&random)
        let (next, disk) = successor(survivors, image.moment)
        if let failure = next.startAppendOnlyFile(on: disk) { return "it does not start: \(failure)" }
        let found = next.engine.digest(at: .min)
        guard let place = history.firstIndex(where: { $0.position >= image.acknowledged }) else { return "no such position" }
        guard history[place...].contains(where: { Self.isSame($0.digest, found, image.moment) }) else {
            let isOlder = history.contains { Self.isSame($0.digest, found, image.moment) }
            let closest = history.indices.min { differenceCount($0, found) < differenceCount($1, found) } ?? place
            return (isOlder ? "what was acknowledged is lost" : "the data has never been so")
                + ": acknowledged is state \(place) of \(history.count), found is like state \(closest) but for "
                + differences(history[closest].digest, found).joined(separator: "\n") + "\nbut from the acknowledged one for "
                + differences(history[place].digest, found).joined(separator: "\n") + "\n" + Self.shown(survivors, image)
        }
        return random.below(8) == 0 ? problem(withWork: next, disk, &random) : nil
    }

    /// The files that survived: their length and that before the crash, and their end.
    private static func shown(_ survivors: [String: [UInt8]], _ image: Image) -> String {
        survivors.sorted { $0.key < $1.key }.map { name, bytes in
            let file = image.contents.names[name].flatMap { image.contents.files[$0] }
            return "\(name): \(bytes.count) of \(file?.bytes.count ?? -1) (\(file?.durable.count ?? -1) durable): \(String(decoding: bytes.suffix(400).filter { $0 != 13 }.map { $0 < 32 ? 32 : $0 }, as: UTF8.self))"
        }.joined(separator: "\n")
    }

    private func differenceCount(_ state: Int, _ found: Digest) -> Int {
        zip(history[state].digest, found).reduce(0) { sum, pair in
            sum + Set(pair.0.keys).union(pair.1.keys).count { pair.0[$0] != pair.1[$0] }
        }
    }

    private func successor(_ files: [String: [UInt8]], _ moment: Milliseconds) -> (TestServer, SimulatedDisk) {
        let server = TestServer(seed: 99, clock: SimulatedClock(milliseconds: moment)) { configuration in
            configuration.appendOnly.isEnabled = true
            configuration.appendOnly.sync = .always
            configuration.appendOnly.damagedTailBytes = 1 << 20
            configuration.appendOnly.room = Self.eagerness
        }
        return (server, SimulatedDisk(files))
    }

    /// What is acknowledged after a crash survives the next one.
    private func problem(withWork next: TestServer, _ disk: SimulatedDisk, _ random: inout RandomGenerator) -> String? {
        let client = next.connect()
        var isAcknowledged = client("SET", "after the crash", "yes") != .none
        for _ in 0..<5 where !isAcknowledged {
            next.turn()
            isAcknowledged = client.nextReply() != .none
        }
        guard isAcknowledged else { return "a write is never acknowledged" }
        let (third, survivor) = successor(disk.contents.survivors(&random), next.clock.nanoseconds / 1_000_000)
        if let failure = third.startAppendOnlyFile(on: survivor) { return "it does not start again: \(failure)" }
        let found = differences(next.digest, third.digest)
        return found.isEmpty ? nil : "lost in the second crash: \(found)"
    }

    /// Whether two states are the same for a client at that moment: keys that are expired do not count.
    private static func isSame(_ a: Digest, _ b: Digest, _ moment: Milliseconds) -> Bool {
        for (first, second) in zip(a, b) where first != second {
            let isAlive = { (value: DigestedValue) in value.expiry.map { $0 > moment } ?? true }
            if first.filter({ isAlive($0.value) }) != second.filter({ isAlive($0.value) }) { return false }
        }
        return true
    }
}
