import Commands
import Engine
import Primitives
import TestSupport
import Testing

/// What clients that push, pop and wait must be answered.
private struct Oracle {
    enum Wish {
        case pop([String], fromHead: Bool)
        /// From the tail of the first to the head of the second.
        case move(String, String)

        var keys: [String] {
            switch self {
            case .pop(let keys, _): keys
            case .move(let source, _): [source]
            }
        }
    }

    struct Waiter {
        let client: Int
        let wish: Wish
        let deadline: Int64?
    }

    var lists: [String: [String]] = [:]
    private(set) var waiters: [Waiter] = []
    /// Replies of clients that waited.
    var answers: [(client: Int, reply: Reply)] = []

    func isWaiting(_ client: Int) -> Bool { waiters.contains { $0.client == client } }

    mutating func push(_ key: String, _ values: [String], toHead: Bool) -> Reply {
        var list = lists[key] ?? []
        for value in values { toHead ? list.insert(value, at: 0) : list.append(value) }
        lists[key] = list
        return .integer(Int64(list.count))
    }

    /// The reply to a wish and the key that got something; nil when there is nothing yet.
    mutating func grant(_ wish: Wish) -> (reply: Reply, touched: String?)? {
        guard let key = wish.keys.first(where: { lists[$0] != nil }), var list = lists[key] else { return nil }
        var isFromHead = false
        if case .pop(_, let fromHead) = wish { isFromHead = fromHead }
        let value = isFromHead ? list.removeFirst() : list.removeLast()
        lists[key] = list.isEmpty ? nil : list
        switch wish {
        case .pop: return (.array([.bulk([UInt8](key)), .bulk([UInt8](value))]), nil)
        case .move(_, let target):
            _ = push(target, [value], toHead: true)
            return (.bulk([UInt8](value)), target)
        }
    }

    mutating func wait(_ client: Int, _ wish: Wish, until deadline: Int64?) {
        waiters.append(Waiter(client: client, wish: wish, deadline: deadline))
    }

    mutating func dismiss(_ client: Int) { waiters.removeAll { $0.client == client } }

    /// Serves who waits for the keys, and for those that are filled by serving.
    mutating func settle(_ touched: [String]) {
        var ready: [String] = []
        for key in touched where !ready.contains(key) { ready.append(key) }
        while !ready.isEmpty {
            let key = ready.removeFirst()
            for waiter in waiters where waiter.wish.keys.contains(key) {
                guard lists[key] != nil, let (reply, target) = grant(waiter.wish) else { break }
                dismiss(waiter.client)
                answers.append((waiter.client, reply))
                if let target, !ready.contains(target) { ready.append(target) }
            }
        }
    }

    /// Ends the wait of those whose time is over.
    mutating func pass(to now: Int64) {
        for waiter in waiters {
            guard let deadline = waiter.deadline, deadline <= now else { continue }
            dismiss(waiter.client)
            answers.append((waiter.client, .null))
        }
    }
}

/// Many clients push and wait under a clock that the test moves: nothing is lost,
/// delivered twice or out of order, and everyone is answered exactly once.
@Suite struct BlockingOracleTests {
    private final class Run {
        var random: RandomGenerator
        let server: TestServer
        let replica: TestServer
        let link: TestClient
        var clients: [TestClient] = []
        /// What CLIENT ID says of them.
        var numbers: [Int64] = []
        var oracle = Oracle()
        var now: Int64 = 0
        var nextValue = 0

        init(seed: UInt64) {
            random = RandomGenerator(seed: seed)
            server = TestServer(seed: seed)
            replica = TestServer(seed: seed + 1)
            link = replica.connect()
            server.recordEffects()
            for _ in 0..<24 {
                clients.append(server.connect())
                numbers.append(number(of: clients.count - 1))
            }
        }

        func number(of client: Int) -> Int64 {
            guard case .integer(let number) = send(client, ["CLIENT", "ID"]) else { return 0 }
            return number
        }

        func key() -> String { ["a", "b", "c", "d"][random.below(4)] }

        func values() -> [String] {
            (0...random.below(3)).map { _ in
                nextValue += 1
                return "v\(nextValue)"
            }
        }

        func send(_ client: Int, _ words: [String]) -> Reply { clients[client].run(words.map { [UInt8]($0) }) }

        /// A push, alone or two in a transaction.
        func push(_ client: Int) {
            let isTransaction = random.below(4) == 0
            var touched: [String] = []
            var expected: [Reply] = []
            if isTransaction { _ = send(client, ["MULTI"]) }
            for _ in 0..<(isTransaction ? 2 : 1) {
                let (key, values, toHead) = (key(), values(), random.below(2) == 0)
                expected.append(oracle.push(key, values, toHead: toHead))
                touched.append(key)
                let reply = send(client, [toHead ? "LPUSH" : "RPUSH", key] + values)
                #expect(reply == (isTransaction ? "QUEUED" : expected[0]))
            }
            if isTransaction { #expect(send(client, ["EXEC"]) == .array(expected)) }
            oracle.settle(touched)
        }

        func wish(_ client: Int) {
            let timeout = random.below(3) == 0 ? 0 : 1 + random.below(400)
            let seconds = "\(Double(timeout) / 1000)"
            let wish: Oracle.Wish
            var words: [String]
            if random.below(3) == 0 {
                let (source, target) = (key(), key())
                wish = .move(source, target)
                words = random.below(2) == 0 ? ["BRPOPLPUSH", source, target] : ["BLMOVE", source, target, "RIGHT", "LEFT"]
            } else {
                let keys = (0...random.below(3)).map { _ in key() }
                let fromHead = random.below(2) == 0
                wish = .pop(keys, fromHead: fromHead)
                words = [fromHead ? "BLPOP" : "BRPOP"] + keys
            }
            words.append(seconds)
            if let (reply, target) = oracle.grant(wish) {
                #expect(send(client, words) == reply)
                if let target { oracle.settle([target]) }
            } else {
                #expect(send(client, words) == .none)
                oracle.wait(client, wish, until: timeout == 0 ? nil : now + Int64((Double(timeout) / 1000 * 1000).rounded(.up)))
            }
        }

        /// A client that waits vanishes, or is sent on its way by another.
        func disturb(_ client: Int) {
            guard !oracle.waiters.isEmpty else { return }
            let waiter = oracle.waiters[random.below(oracle.waiters.count)]
            if random.below(2) == 0 {
                clients[waiter.client].disconnect()
                clients[waiter.client] = server.connect()
                numbers[waiter.client] = number(of: waiter.client)
                oracle.dismiss(waiter.client)
            } else {
                #expect(send(client, ["CLIENT", "UNBLOCK", "\(numbers[waiter.client])"]) == 1)
                oracle.dismiss(waiter.client)
                oracle.answers.append((waiter.client, .null))
            }
        }

        func pass() {
            let time = Int64(1 + random.below(120))
            server.advance(milliseconds: time)
            now += time
            server.engine.serveDeadlines()
            server.engine.resumeYielded()
            oracle.pass(to: now)
        }

        func checkAnswers(_ step: Int) {
            for (client, reply) in oracle.answers {
                #expect(clients[client].nextReply() == reply, "step \(step), client \(client)")
            }
            oracle.answers = []
            for client in clients { #expect(client.nextReply() == .none, "step \(step): nobody is answered twice") }
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func everybodyIsAnsweredOnce(seed: UInt64) {
        let run = Run(seed: seed)
        for step in 0..<2000 {
            let client = run.random.below(run.clients.count)
            if run.random.below(6) == 0 {
                run.pass()
            } else if !run.oracle.isWaiting(client) {
                switch run.random.below(20) {
                case 0: run.disturb(client)
                case 1...6: run.push(client)
                default: run.wish(client)
                }
            }
            run.checkAnswers(step)
        }
        for key in ["a", "b", "c", "d"] {
            let left = (run.oracle.lists[key] ?? []).map { Reply.bulk([UInt8]($0)) }
            run.server.engine.context.checkKeyspace()
            #expect(run.server.connect()("LRANGE", key, "0", "-1") == .array(left))
        }
        run.link.send(run.server.engine.context.journal.takePending().array)
        let found = differences(run.server.digest, run.replica.digest)
        #expect(found.isEmpty, "the effects lead to the same data: \(found)")
    }

    /// Ten thousand clients wait for one key; what each costs does not depend on the others.
    @Test func tenThousandWaiters() {
        let server = TestServer()
        let writer = server.connect()
        let waiters = (0..<10_000).map { _ in server.connect() }
        for (index, client) in waiters.enumerated() { client("BLPOP", "k", "other\(index)", "\(1 + index)") }
        // From the far end, so that stale tickets gather.
        for client in waiters[5000...].reversed() { client.disconnect() }
        for index in 0..<4000 { writer("RPUSH", "k", "\(index)") }
        #expect((0..<4000).allSatisfy { waiters[$0].nextReply() == ["k", .bulk([UInt8]("\($0)"))] })
        server.advance(milliseconds: 4_500_000)
        server.engine.serveDeadlines()
        #expect((4000..<4500).allSatisfy { waiters[$0].nextReply() == .null })
        #expect(waiters[4501].nextReply() == .none)
        #expect(writer("RPUSH", "other4600", "x") == 1)
        #expect(waiters[4600].nextReply() == ["other4600", "x"])
        #expect(writer("INFO", "clients").text?.contains("blocked_clients:499\r\n") == true)
    }
}
